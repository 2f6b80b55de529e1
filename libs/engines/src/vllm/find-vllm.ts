import { resolve } from 'node:path';
import { findProgram } from '../process/find-program.js';

export interface VllmSearch {
  /** A configured path; when given, nothing else is tried. */
  readonly binary?: string | undefined;
  /** Folders to search, as in `PATH`. */
  readonly searchPath?: string | undefined;
}

/** The absolute path of the `vllm` program to use, or undefined when this machine has none. */
export function findVllm({ binary, searchPath }: VllmSearch): string | undefined {
  return binary === undefined ? findProgram(['vllm'], searchPath) : resolve(binary);
}
