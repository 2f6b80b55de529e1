import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the working tree, whether we run from the sources or from `dist`. */
export const REPOSITORY = findRoot(dirname(fileURLToPath(import.meta.url)));

/** Where made things are kept from one run to the next. */
export const CACHE = join(REPOSITORY, '.cache');

function findRoot(folder: string): string {
  if (existsSync(join(folder, 'package-lock.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder)
    throw new Error('The root of the repository, with its package-lock.json, was not found.');
  return findRoot(parent);
}
