import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAdapterModel } from './gguf/adapter-model.js';
import { writeCorruptModel } from './gguf/corrupt-model.js';
import { writeEmbeddingModel, writeRerankingModel } from './gguf/embedding-model.js';
import { writeProjectorModel } from './gguf/projector-model.js';
import { writeRandomModel } from './gguf/random-model.js';
import { writeScriptedModel } from './gguf/scripted-model.js';
import { CACHE } from './repository.js';
import { writeEmbeddingFolder, writeRerankingFolder } from './safetensors/bert-folder.js';
import { writeScriptedFolder } from './safetensors/scripted-folder.js';

/** Raise it whenever a generator writes other bytes than before. */
const GENERATOR_VERSION = '1';

const WRITERS = {
  /** Says what `SCRIPTS` lists. */
  scripted: writeScriptedModel,
  /** About 90 million parameters, for throughput. */
  random: writeRandomModel,
  /** A tiny BERT. */
  embedding: writeEmbeddingModel,
  /** The same with a head that ranks. */
  reranker: writeRerankingModel,
  /** Images for the scripted model. */
  projector: writeProjectorModel,
  /** A LoRA for the scripted model. */
  adapter: writeAdapterModel,
  /** Aborts the engine that loads it. */
  corrupt: writeCorruptModel,
} as const;

const FOLDER_WRITERS = {
  /** Says what `SCRIPTS` lists. */
  scripted: writeScriptedFolder,
  /** A tiny BERT. */
  embedding: writeEmbeddingFolder,
  /** The same with a head that ranks. */
  reranker: writeRerankingFolder,
} as const;

export type FixtureFolder = keyof typeof FOLDER_WRITERS;

export type FixtureModel = keyof typeof WRITERS;

/**
 * The path of a model file, which is generated when it is not there yet. Any number of processes may ask at once: each
 * sees either no file or a whole one. Do not change the file.
 */
export async function fixtureModel(name: FixtureModel): Promise<string> {
  const folder = join(CACHE, 'fixtures', GENERATOR_VERSION);
  const path = join(folder, `${name}.gguf`);
  if (await exists(path)) return path;
  await mkdir(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}.${performance.now()}`;
  try {
    await WRITERS[name](unfinished);
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
  return path;
}

/**
 * The path of the `model.safetensors` of a model in the shape of a Hugging Face repository, with its configuration and
 * tokenizer beside it; made like {@link fixtureModel}.
 */
export async function fixtureFolder(name: FixtureFolder): Promise<string> {
  const parent = join(CACHE, 'fixtures', GENERATOR_VERSION);
  const folder = join(parent, `${name}-safetensors`);
  const weights = join(folder, 'model.safetensors');
  if (await exists(weights)) return weights;
  const unfinished = `${folder}.${process.pid}.${performance.now()}`;
  await mkdir(unfinished, { recursive: true });
  try {
    await FOLDER_WRITERS[name](unfinished);
    // Another process may have been faster; folders of one version are equal.
    await rename(unfinished, folder).catch(async (error: unknown) => {
      if (!(await exists(weights))) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return weights;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
