import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe } from 'vitest';
import { CACHE, dieWithParent } from '#testing';

const PYTHON = findPython();
if (PYTHON === undefined)
  console.warn('There are no clients in Python ("npm test" installs them), so their tests are SKIPPED.');

/** The tests of clients in Python: skipped where they are not there. */
export const describePythonClients = PYTHON === undefined ? describe.skip : describe;

export interface PythonRun {
  /** Null when a signal ended it. */
  readonly code: number | null;
  /** Both of its outputs. */
  readonly output: string;
}

/** PYTHON_CLIENTS_PATH, else what `npm test` has installed. */
function findPython(): string | undefined {
  const configured = process.env['PYTHON_CLIENTS_PATH'];
  if (configured) return configured;
  const installed = join(CACHE, 'python-clients', 'current', 'bin', 'python');
  return existsSync(installed) ? installed : undefined;
}

/** Runs a script of this folder to its end. */
export function runPython(script: string, ...args: readonly string[]): Promise<PythonRun> {
  return run(PYTHON ?? 'python3', [join(import.meta.dirname, script), ...args]);
}

/** Runs a program that came with the packages to its end. @param cwd where it may leave files */
export function runPythonProgram(name: string, cwd: string, ...args: readonly string[]): Promise<PythonRun> {
  return run(join(dirname(PYTHON ?? ''), name), args, cwd);
}

function run(program: string, args: readonly string[], cwd?: string): Promise<PythonRun> {
  const [command = program, ...rest] = [...dieWithParent(), program, ...args];
  const child = spawn(command, rest, {
    ...(cwd !== undefined && { cwd }),
    env: { ...process.env, NO_COLOR: '1', PYTHONUNBUFFERED: '1', NO_PROXY: '*', no_proxy: '*' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
