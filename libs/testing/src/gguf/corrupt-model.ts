import { strings } from './metadata.js';
import { scriptedModel, scriptedTokenizer } from './scripted-model.js';
import { writeGguf } from './write-gguf.js';

/**
 * Writes a model that looks sound, header and all, and aborts the process of any engine that loads it: two of its
 * tokens are equal.
 */
export async function writeCorruptModel(path: string): Promise<void> {
  const model = scriptedModel();
  const tokens = [...scriptedTokenizer().tokens];
  tokens.splice(300, 1, ...tokens.slice(299, 300));
  const metadata = { ...model.metadata, 'tokenizer.ggml.tokens': strings(tokens) };
  await writeGguf(path, { ...model, metadata });
}
