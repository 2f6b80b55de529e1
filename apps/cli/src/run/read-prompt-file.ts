import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandFailure } from '../command-failure.js';
import type { ReadFile } from './build-prompt.js';

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG']);

/** Reads the files that prompts name. @param home of the user, which `~/` stands for */
export function promptFileReader(home: string): ReadFile {
  return async (path) => {
    const full = path.startsWith('~/') && home !== '' ? join(home, path.slice(2)) : path;
    try {
      return await readFile(full);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
      if (ABSENT.has(code)) return undefined;
      throw new CommandFailure(`${path} cannot be read (${code}).`);
    }
  };
}
