import { f32, string } from './metadata.js';
import { SCRIPTED_SHAPE, scriptedTokenizer } from './scripted-model.js';
import type { FillRow } from './tensor.js';
import { writeGguf } from './write-gguf.js';

/** What the scripted model says, over and over, while the adapter is applied. */
export const ADAPTED_PIECE = 'la-';

/** Far above the signal of any script; logits. */
const BOOST = 200;

/** Writes a LoRA for the scripted model that makes one piece the likeliest of all, whatever came before. */
export async function writeAdapterModel(path: string): Promise<void> {
  const favourite = scriptedTokenizer().tokens.indexOf(ADAPTED_PIECE);
  if (favourite < 0) throw new Error(`The scripted model has no piece "${ADAPTED_PIECE}".`);
  // The first dimension of every embedding is the same.
  const fromFirst: FillRow = (row, index) => row.fill(0).fill(index === 0 ? 1 : 0, 0, 1);
  const toFavourite: FillRow = (row, index) => row.fill(index === favourite ? BOOST : 0);
  const { dimensions, vocabulary } = SCRIPTED_SHAPE;
  await writeGguf(path, {
    metadata: {
      'general.architecture': string('llama'),
      'general.type': string('adapter'),
      'general.name': string('adapter'),
      'adapter.type': string('lora'),
      'adapter.lora.alpha': f32(1),
    },
    tensors: [
      { name: 'output.weight.lora_a', type: 'F32', shape: [dimensions, 1], fill: fromFirst },
      { name: 'output.weight.lora_b', type: 'F32', shape: [1, vocabulary], fill: toFavourite },
    ],
  });
}
