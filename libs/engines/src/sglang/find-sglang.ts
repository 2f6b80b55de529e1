import { basename, resolve } from 'node:path';
import { findProgram } from '../process/find-program.js';

export interface SglangSearch {
  /** A configured path: the `sglang` program, or the Python that has it. When given, nothing else is tried. */
  readonly program?: string | undefined;
  /** Folders to search, as in `PATH`. */
  readonly searchPath?: string | undefined;
}

/** How to run SGLang. */
export interface SglangProgram {
  readonly path: string;
  /** Words before those of a server. */
  readonly serve: readonly string[];
  /** Words that make it print its version. */
  readonly version: readonly string[];
}

/** Undefined when this machine has none. A Python of the `PATH` is not tried: most have no SGLang. */
export function findSglang({ program, searchPath }: SglangSearch): SglangProgram | undefined {
  const found = program === undefined ? findProgram(['sglang'], searchPath) : resolve(program);
  return found === undefined ? undefined : programAt(found);
}

const PRINT_VERSION = 'from importlib.metadata import version; print("sglang version:", version("sglang"))';

function programAt(path: string): SglangProgram {
  return /^python[\d.]*$/.test(basename(path))
    ? { path, serve: ['-m', 'sglang.launch_server'], version: ['-c', PRINT_VERSION] }
    : { path, serve: ['serve'], version: ['version'] };
}
