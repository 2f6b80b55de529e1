import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeCorruptModel } from './gguf/corrupt-model.js';
import { writeEmbeddingModel } from './gguf/embedding-model.js';
import { writeRandomModel } from './gguf/random-model.js';
import { writeScriptedModel } from './gguf/scripted-model.js';
import { CACHE } from './repository.js';

/** Raise it whenever a generator writes other bytes than before. */
const GENERATOR_VERSION = '1';

const WRITERS = {
  /** Says what `SCRIPTS` lists. */
  scripted: writeScriptedModel,
  /** About 90 million parameters, for throughput. */
  random: writeRandomModel,
  /** A tiny BERT. */
  embedding: writeEmbeddingModel,
  /** Aborts the engine that loads it. */
  corrupt: writeCorruptModel,
} as const;

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

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
