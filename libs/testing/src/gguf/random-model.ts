import { PLAIN_CHAT_TEMPLATE } from './chat-template.js';
import { llamaMetadata, llamaTensors, type LlamaShape } from './llama.js';
import { noise } from './tensor.js';
import { buildTokenizer, CONTROL_TOKENS, tokenizerMetadata } from './tokenizer.js';
import { writeGguf, type Gguf } from './write-gguf.js';

const SHAPE: LlamaShape = {
  name: 'random',
  vocabulary: 8192,
  context: 4096,
  dimensions: 768,
  feedForward: 2048,
  layers: 12,
  heads: 12,
  keyValueHeads: 4,
  type: 'Q8_0',
};

/**
 * Writes a llama of about 90 million random weights: its answers mean nothing and cost what a small real model's do.
 * Ask for `ignore_eos` to get as many tokens as were asked for.
 */
export async function writeRandomModel(path: string): Promise<void> {
  await writeGguf(path, randomModel());
}

export function randomModel(): Gguf {
  const tokenizer = buildTokenizer({
    vocabularySize: SHAPE.vocabulary,
    control: CONTROL_TOKENS,
    pieces: [],
  });
  return {
    metadata: { ...llamaMetadata(SHAPE), ...tokenizerMetadata(tokenizer, PLAIN_CHAT_TEMPLATE) },
    tensors: llamaTensors(SHAPE, {
      embedding: noise(1, 1),
      output: noise(0.1, 2),
      residual: (seed) => noise(0.02, seed),
    }),
  };
}
