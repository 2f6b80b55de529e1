import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE, REPOSITORY } from '../repository.js';
import { SYNTHETIC_VARIABLES, type SyntheticVariable } from './settings.js';

const MAIN = join(REPOSITORY, 'dist', 'libs', 'testing', 'src', 'synthetic-engine', 'main.js');

/**
 * The path of a program that can stand in for llama-server, for LLAMA_SERVER_PATH. `settings` holds for every request
 * to its processes that does not say otherwise.
 * @throws Error when `dist` has not been built
 */
export async function syntheticEnginePath(
  settings: Readonly<Partial<Record<SyntheticVariable, number>>> = {},
): Promise<string> {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing; "npm run build" makes it.`);
  const exports = Object.entries(settings).map(
    ([name, value]) => `export ${SYNTHETIC_VARIABLES[name as SyntheticVariable]}=${value}`,
  );
  const lines = ['#!/bin/sh', ...exports, `exec '${process.execPath}' '${MAIN}' "$@"`, ''];
  return writeProgram(lines.join('\n'));
}

/** Keeps one file for each content, so that running programs are never changed. */
async function writeProgram(text: string): Promise<string> {
  const folder = join(
    CACHE,
    'synthetic-engine',
    createHash('sha256').update(text).digest('hex').slice(0, 12),
  );
  const path = join(folder, 'llama-server');
  if (existsSync(path)) return path;
  await mkdir(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}.${performance.now()}`;
  await writeFile(unfinished, text);
  await chmod(unfinished, 0o755);
  await rename(unfinished, path);
  return path;
}
