import type { ExecFileException } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { EngineProbe } from '../engine.js';
import { askProgram } from '../process/ask-program.js';

/** Python has much to read before vLLM says anything, and a cold disk is slow. */
const PROBE_LIMIT_MS = 300_000;

/** Its cache is divided among whatever runs; on a processor each request more takes memory of its own. */
const ACCELERATOR_SLOTS = 64;
const PROCESSOR_SLOTS = 4;

/** What the installed vLLM says of itself. */
export interface VllmProbe extends EngineProbe {
  /** Every flag in its help, long and short. */
  readonly knownFlags: ReadonlySet<string>;
  /** The tool-call parsers it lists; empty when it lists none. */
  readonly toolCallParsers: ReadonlySet<string>;
  /** Whether it was built to compute on the processor alone. */
  readonly processorOnly: boolean;
}

/** @throws EngineStartError when the program is missing or does not run here. */
export async function probeVllm(
  binary: string,
  environment: Readonly<Record<string, string>>,
): Promise<VllmProbe> {
  const run = (...words: string[]): Promise<string> => output(binary, words, environment);
  const [version, help] = await Promise.all([versionOf(binary, run, environment), helpOf(run)]);
  const processorOnly = version.endsWith('+cpu');
  return {
    version,
    usualSlots: processorOnly ? PROCESSOR_SLOTS : ACCELERATOR_SLOTS,
    knownFlags: flagsIn(help),
    toolCallParsers: choicesIn(help, '--tool-call-parser'),
    processorOnly,
    formats: ['safetensors'],
    modes: ['completion', 'embedding', 'reranking'],
  };
}

type Run = (...words: string[]) => Promise<string>;

/** Asks the Python beside the program first, which knows it at once: the program itself reads all its libraries. */
async function versionOf(
  binary: string,
  run: Run,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const python = join(dirname(binary), 'python');
  const quick = await output(python, ['-c', PRINT_VERSION], environment).catch(() => '');
  return versionIn(quick === '' ? await run('--version') : quick);
}

const PRINT_VERSION = 'from importlib.metadata import version; print(version("vllm"))';

/** Older programs show all flags without being asked for all. */
async function helpOf(run: Run): Promise<string> {
  const all = await run('serve', '--help=all').catch(() => '');
  return flagsIn(all).has('--served-model-name') ? all : run('serve', '--help');
}

/** `0.19.1` or `0.32.0+cpu`, after whatever its libraries print before it. */
export function versionIn(text: string): string {
  return /(?:^|\s)v?(\d+\.\d+\.\d+\S*)\s*$/m.exec(text)?.[1] ?? 'unknown';
}

export function flagsIn(help: string): ReadonlySet<string> {
  return new Set([...help.matchAll(/(?<![\w-])--?[a-zA-Z][\w-]*/g)].map(([flag]) => flag));
}

/** The words in the braces after a flag that takes one of them. */
export function choicesIn(help: string, flag: string): ReadonlySet<string> {
  const [, choices = ''] = new RegExp(`${flag} \\{([^}]*)\\}`).exec(help) ?? [];
  return new Set(
    choices
      .split(',')
      .map((word) => word.trim())
      .filter(Boolean),
  );
}

async function output(
  binary: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const explain = (error: ExecFileException, stderr: string): string => sentence(binary, error, stderr);
  return (await askProgram({ program: binary, words, environment, limitMs: PROBE_LIMIT_MS, explain })).stdout;
}

function sentence(binary: string, error: ExecFileException, stderr: string): string {
  if (error.code === 'ENOENT') return `There is no vllm at ${binary}.`;
  if (error.code === 'EACCES') return `The vllm at ${binary} may not be run by this user.`;
  if (error.killed === true) return `The vllm at ${binary} did not tell its version within five minutes.`;
  const detail = stderr.trim().split('\n').at(-1) || error.message;
  return `The vllm at ${binary} does not run on this machine: ${detail}`;
}
