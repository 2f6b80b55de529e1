import type { ExecFileException } from 'node:child_process';
import type { EngineProbe } from '../engine.js';
import { askProgram } from '../process/ask-program.js';
import type { SglangProgram } from './find-sglang.js';

/** Python reads gigabytes of libraries before it says a word; ms. */
const PROBE_LIMIT_MS = 5 * 60_000;

/** Its cache is divided among whatever runs. */
const SLOTS = 64;

export interface SglangProbe extends EngineProbe {
  /** Every flag in its `--help`. */
  readonly knownFlags: ReadonlySet<string>;
  /** Flags for which it finds the right value by the model, when told `auto`. */
  readonly automatic: ReadonlySet<string>;
}

/** @throws EngineStartError when the program is missing, does not run here, or has no SGLang. */
export async function probeSglang(
  program: SglangProgram,
  environment: Readonly<Record<string, string>>,
): Promise<SglangProbe> {
  // One after the other: each takes a while and much memory.
  const version = await output(program, program.version, environment);
  const help = await output(program, [...program.serve, '--help'], environment);
  return {
    version: versionIn(version),
    knownFlags: flagsIn(help),
    automatic: automaticIn(help),
    usualSlots: SLOTS,
    formats: ['safetensors'],
    modes: ['completion', 'embedding', 'reranking'],
  };
}

/** `sglang version: 0.5.23`, after whatever its libraries print before it. */
export function versionIn(text: string): string {
  return /sglang version: *(\S+)/.exec(text)?.[1] ?? 'unknown';
}

export function flagsIn(help: string): ReadonlySet<string> {
  return new Set([...help.matchAll(/(?<![\w-])--?[a-zA-Z][\w-]*/g)].map(([flag]) => flag));
}

export function automaticIn(help: string): ReadonlySet<string> {
  return new Set([...help.matchAll(/(--[\w-]+) \{auto,/g)].flatMap(([, flag]) => flag ?? []));
}

async function output(
  { path }: SglangProgram,
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const explain = (error: ExecFileException, stderr: string): string => sentence(path, error, stderr);
  return (await askProgram({ program: path, words, environment, limitMs: PROBE_LIMIT_MS, explain })).stdout;
}

function sentence(path: string, error: ExecFileException, stderr: string): string {
  if (error.code === 'ENOENT') return `There is no SGLang at ${path}.`;
  if (error.code === 'EACCES') return `The SGLang at ${path} may not be run by this user.`;
  if (error.killed === true) return `The SGLang at ${path} did not tell its version within five minutes.`;
  if (/No package metadata was found for sglang|No module named '?sglang/.test(stderr)) {
    return `The Python at ${path} has no SGLang; install it there, or correct SGLANG_SERVER_PATH.`;
  }
  const detail = stderr.trim().split('\n').at(-1) || error.message;
  return `The SGLang at ${path} does not run on this machine: ${detail}`;
}
