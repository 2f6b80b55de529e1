import { resolve } from 'node:path';
import { findProgram } from '../process/find-program.js';

/** Names llama-server is installed under. */
const PROGRAM_NAMES = ['llama-server', 'com.docker.llama-server'];

export interface BinarySearch {
  /** A configured path; when given, nothing else is tried. */
  readonly binary?: string | undefined;
  /** Folders to search, as in `PATH`. */
  readonly searchPath?: string | undefined;
}

/** The absolute path of the llama-server to use, or undefined when this machine has none. */
export function findLlamaServer({ binary, searchPath }: BinarySearch): string | undefined {
  return binary === undefined ? findProgram(PROGRAM_NAMES, searchPath) : resolve(binary);
}
