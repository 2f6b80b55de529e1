import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

/** Names llama-server is installed under. */
const PROGRAM_NAMES = ['llama-server', 'com.docker.llama-server'];

export interface BinarySearch {
  /** A configured path; when given, nothing else is tried. */
  readonly binary?: string | undefined;
  /** Folders to search, as in `PATH`. */
  readonly searchPath?: string | undefined;
}

/** The absolute path of the llama-server to use, or undefined when this machine has none. */
export function findLlamaServer(search: BinarySearch): string | undefined {
  if (search.binary !== undefined) return resolve(search.binary);
  const folders = (search.searchPath ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  return folders
    .flatMap((folder) => PROGRAM_NAMES.map((name) => join(folder, name)))
    .find((candidate) => isProgram(candidate));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
