import { SCRIPTED_CHAT_TEMPLATE } from './chat-template.js';
import { llamaMetadata, llamaTensors, type LlamaShape } from './llama.js';
import { buildVectors, type ChainVectors, type MarkovChain } from './markov-chain.js';
import { SCRIPT_NAMES, SCRIPTS } from './scripts.js';
import { constant, rows } from './tensor.js';
import {
  buildTokenizer,
  CONTROL_TOKENS,
  END_OF_TURN,
  tokenizerMetadata,
  type Tokenizer,
} from './tokenizer.js';
import { writeGguf, type Gguf } from './write-gguf.js';

/** Tokens that the scripted model was trained for, or so its header says. */
const SCRIPTED_CONTEXT = 8192;

/** Its sizes. */
export const SCRIPTED_SHAPE: LlamaShape = {
  name: 'scripted',
  vocabulary: 1024,
  context: SCRIPTED_CONTEXT,
  dimensions: 256,
  feedForward: 512,
  layers: 2,
  heads: 4,
  keyValueHeads: 2,
  type: 'F32',
};

/** The margin, in logits, by which the right token wins everywhere: the wrong ones get e^-16 of its probability. */
export const LEAST_MARGIN = 16;

/**
 * Makes output that a grammar binds close soon: before all else what closes, then what parts and opens, then values.
 * All of it stays far below the signal of a script and above the noise.
 */
const PRIORS: Readonly<Record<string, number>> = {
  '"': 27,
  '}': 24,
  ']': 21,
  ',': 19,
  ':': 18,
  '{': 18,
  '[': 18,
  '1': 16,
  t: 16,
  r: 16,
  u: 16,
  e: 16,
};

/**
 * Writes a small llama that says what {@link SCRIPTS} lists. A real engine does all of its work on it, tokenizer,
 * template, attention, sampling, but the layers add nothing to the residual stream, so that the last token alone
 * decides on the next.
 */
export async function writeScriptedModel(path: string): Promise<void> {
  await writeGguf(path, scriptedModel());
}

export function scriptedModel(): Gguf {
  const tokenizer = scriptedTokenizer();
  const { embeddings, outputs } = scriptedVectors(tokenizer);
  return {
    metadata: { ...llamaMetadata(SCRIPTED_SHAPE), ...tokenizerMetadata(tokenizer, SCRIPTED_CHAT_TEMPLATE) },
    tensors: llamaTensors(SCRIPTED_SHAPE, {
      embedding: rows(embeddings),
      output: rows(outputs),
      residual: () => constant(0),
    }),
  };
}

export function scriptedTokenizer(): Tokenizer {
  return buildTokenizer({
    vocabularySize: SCRIPTED_SHAPE.vocabulary,
    control: [...CONTROL_TOKENS, ...SCRIPT_NAMES.map((name) => SCRIPTS[name].marker)],
    pieces: SCRIPT_NAMES.flatMap((name) => SCRIPTS[name].pieces),
  });
}

export function scriptedVectors(tokenizer: Tokenizer): ChainVectors {
  return buildVectors(scriptedChain(tokenizer), SCRIPTED_SHAPE.dimensions, LEAST_MARGIN);
}

function scriptedChain(tokenizer: Tokenizer): MarkovChain {
  const end = tokenizer.idOf(END_OF_TURN);
  const successors = new Map<number, number[]>();
  for (const name of SCRIPT_NAMES) {
    const marker = tokenizer.idOf(SCRIPTS[name].marker);
    const pieces = SCRIPTS[name].pieces.map((piece) => tokenizer.idOf(piece));
    if (name === 'dice') {
      successors.set(marker, pieces);
      for (const piece of pieces) successors.set(piece, [end]);
      continue;
    }
    const last = name === 'loop' ? pieces[0] : end;
    for (const [index, token] of [marker, ...pieces].entries()) {
      successors.set(token, [pieces[index] ?? last ?? end]);
    }
  }
  const priors = Object.entries(PRIORS).map(([text, prior]) => [tokenizer.idOf(text), prior] as const);
  return { tokens: tokenizer.tokens.length, successors, end, priors: new Map(priors) };
}
