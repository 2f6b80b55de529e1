import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

export interface VllmSearch {
  /** A configured path; when given, nothing else is tried. */
  readonly binary?: string | undefined;
  /** Folders to search, as in `PATH`. */
  readonly searchPath?: string | undefined;
}

/** The absolute path of the `vllm` program to use, or undefined when this machine has none. */
export function findVllm({ binary, searchPath = '' }: VllmSearch): string | undefined {
  if (binary !== undefined) return resolve(binary);
  return searchPath
    .split(delimiter)
    .filter((folder) => isAbsolute(folder))
    .map((folder) => join(folder, 'vllm'))
    .find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
