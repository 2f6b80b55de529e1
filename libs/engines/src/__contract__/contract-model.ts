import { copyFile, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fixtureFolder, fixtureModel } from '#testing';
import type { EngineSettings, ModelFiles } from '../engine.js';

/** Files that are no model: what they are, how to make them in a folder, and what an engine says of them. */
type BrokenModel = readonly [string, (folder: string) => Promise<ModelFiles>, RegExp];

/** What an engine is shown with. */
export interface ContractModel {
  /** Says what `SCRIPTS` lists. */
  readonly files: () => Promise<ModelFiles>;
  readonly settings?: EngineSettings;
  readonly broken: readonly BrokenModel[];
}

export const GGUF_MODEL: ContractModel = {
  files: async () => gguf(await fixtureModel('scripted')),
  broken: [
    ['a missing file', async (folder) => gguf(join(folder, 'missing.gguf')), /not there/],
    ['a file that is no model', writeGarbage, /not a GGUF|cannot be loaded/],
    ['a file that is cut short', writeTruncated, /cut short|cannot be loaded/],
    [
      'a file that makes the engine abort',
      async () => gguf(await fixtureModel('corrupt')),
      /own check|gave up|cannot be loaded/,
    ],
  ],
};

export const SAFETENSORS_MODEL: ContractModel = {
  files: async () => ({ format: 'safetensors', weights: await fixtureFolder('scripted') }),
  // Nothing is compiled for a model this small.
  settings: { flags: ['--enforce-eager'] },
  broken: [
    [
      'a missing file',
      async (folder) => ({ format: 'safetensors', weights: join(folder, 'missing.safetensors') }),
      /not there/,
    ],
    [
      'a file that is cut short',
      (folder) => changedCopy(folder, (weights) => truncate(weights, 2_000_000)),
      /cut short/,
    ],
    [
      'a configuration of a kind nobody knows',
      (folder) => changedCopy(folder, (weights) => writeFile(join(dirname(weights), 'config.json'), UNKNOWN)),
      /does not know/,
    ],
  ],
};

const UNKNOWN = '{"model_type":"nobody-knows","architectures":["NobodyForCausalLM"]}';

function gguf(weights: string): ModelFiles {
  return { format: 'gguf', weights };
}

async function writeGarbage(folder: string): Promise<ModelFiles> {
  const path = join(folder, 'garbage.gguf');
  await writeFile(path, Buffer.alloc(100_000, 'garbage'));
  return gguf(path);
}

async function writeTruncated(folder: string): Promise<ModelFiles> {
  const path = join(folder, 'truncated.gguf');
  await copyFile(await fixtureModel('scripted'), path);
  await truncate(path, 2_000_000);
  return gguf(path);
}

async function changedCopy(
  folder: string,
  change: (weights: string) => Promise<unknown>,
): Promise<ModelFiles> {
  const source = dirname(await fixtureFolder('scripted'));
  const copy = join(folder, 'copy');
  await mkdir(copy, { recursive: true });
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors']) {
    await writeFile(join(copy, name), await readFile(join(source, name)));
  }
  const weights = join(copy, 'model.safetensors');
  await change(weights);
  return { format: 'safetensors', weights };
}
