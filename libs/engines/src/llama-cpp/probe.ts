import type { ExecFileException } from 'node:child_process';
import type { EngineProbe } from '../engine.js';
import { askProgram } from '../process/ask-program.js';

const PROBE_LIMIT_MS = 30_000;

/** What the installed binary says of itself. */
export interface LlamaServerProbe extends EngineProbe {
  /** Every flag in its `--help`. */
  readonly knownFlags: ReadonlySet<string>;
  /** What it calls guessing with a small model, where it wants to be told. */
  readonly draftType?: string;
}

/** @throws EngineStartError when the binary is missing or does not run here. */
export async function probeLlamaServer(
  binary: string,
  environment: Readonly<Record<string, string>>,
): Promise<LlamaServerProbe> {
  const [version, help] = await Promise.all([
    output(binary, '--version', environment),
    output(binary, '--help', environment),
  ]);
  const draftType = draftTypeIn(help);
  return {
    version: versionIn(version),
    knownFlags: flagsIn(help),
    ...(draftType !== undefined && { draftType }),
    formats: ['gguf'],
    modes: ['completion', 'embedding', 'reranking'],
  };
}

/** `0.6.0-dev (build 0, commit unknown)` or, of older ones, `5161 (abc1234)`. */
export function versionIn(text: string): string {
  return /version:\s*(.+)/.exec(text)?.[1]?.trim() ?? 'unknown';
}

export function flagsIn(help: string): ReadonlySet<string> {
  const long = [...help.matchAll(/(?<![\w-])--[a-z][\w-]*/g)].map(([flag]) => flag);
  const short = [...help.matchAll(/^-.*?(?=\s{2}|$)/gm)].flatMap(([names]) =>
    [...names.matchAll(/(?<![\w-])-[a-z][\w-]*/gi)].map(([flag]) => flag),
  );
  return new Set([...long, ...short]);
}

/** Older ones guess with a draft model as soon as they have one. */
export function draftTypeIn(help: string): string | undefined {
  return /--spec-type [\w,-]*\b(draft-simple)\b/.exec(help)?.[1];
}

async function output(
  binary: string,
  flag: string,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const explain = (error: ExecFileException, stderr: string): string => sentence(binary, error, stderr);
  const question = { program: binary, words: [flag], environment, limitMs: PROBE_LIMIT_MS, explain };
  const { stdout, stderr } = await askProgram(question);
  return `${stdout}\n${stderr}`;
}

function sentence(binary: string, error: ExecFileException, stderr: string): string {
  if (error.code === 'ENOENT') return `There is no llama-server at ${binary}.`;
  if (error.code === 'EACCES') return `The llama-server at ${binary} may not be run by this user.`;
  const detail = stderr.trim().split('\n').at(-1) || error.message;
  return `The llama-server at ${binary} does not run on this machine: ${detail}`;
}
