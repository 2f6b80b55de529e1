import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { eventually, REPOSITORY } from '#testing';

export const CLI = join(REPOSITORY, 'dist/apps/cli/src/main.js');

export interface CliOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Runs it under a pseudo-terminal of 100 columns; `out` then has all that the terminal got. */
  readonly terminal?: boolean;
  /** What stdin says; without it stdin is empty. */
  readonly stdin?: string;
}

export interface CliEnd {
  /** Negative when a signal ended it. */
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** A `longshore` process. */
export interface CliProcess {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly error: () => string;
  /** Resolves when stdout or stderr has the text. @throws Error when it does not come */
  says(words: RegExp): Promise<void>;
  readonly ended: Promise<CliEnd>;
}

/** Starts the built command line against a gateway. */
export function startCli(url: string, args: readonly string[], options: CliOptions = {}): CliProcess {
  const { environment = {}, terminal = false, stdin = '' } = options;
  const words = [process.execPath, CLI, ...args];
  const [command = '', ...rest] = terminal
    ? ['script', '-qefc', `stty cols 100 rows 40; exec ${words.map(quoted).join(' ')}`, '/dev/null']
    : words;
  const child = spawn(command, rest, {
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nowhere', MODEL_RUNNER_HOST: url, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  if (!terminal) child.stdin.end(stdin);
  const texts = { out: '', error: '' };
  child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (texts.error += chunk.toString()));
  const ended = new Promise<CliEnd>((resolve) => {
    child.once('close', (code) => resolve({ code: code ?? -1, ...texts }));
  });
  return {
    child,
    out: () => texts.out,
    error: () => texts.error,
    ended,
    says: async (expected) => {
      await eventually(
        () => Promise.resolve(texts.out + texts.error),
        (text) => expected.test(text),
        { within: 20_000, what: `longshore ${args.join(' ')} to say ${String(expected)}` },
      );
    },
  };
}

export function runCli(url: string, args: readonly string[], options?: CliOptions): Promise<CliEnd> {
  return startCli(url, args, options).ended;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
