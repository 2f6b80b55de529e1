import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface ChildServerOptions {
  readonly command: string;
  readonly arguments: readonly string[];
  /** Working directory. */
  readonly directory: string;
  /** Set in addition to our own environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What the program prints once it serves. */
  readonly ready: RegExp;
  /** A sentence for people who do not have the program. */
  readonly missing: string;
}

/** A server program that runs as our child. Dies with us on Linux, also when we are killed with SIGKILL. */
export interface ChildServer {
  readonly pid: number;
  /** The match of `ready`. */
  readonly greeting: RegExpExecArray;
  /** Sends a signal and waits for the end of the process. May be called after the end. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** The program ended instead of serving; `output` is what it printed. */
export class ChildServerError extends Error {
  override readonly name = 'ChildServerError';

  constructor(
    message: string,
    readonly output: string,
  ) {
    super(output === '' ? message : `${message}\n${output}`);
  }
}

const READY_WITHIN_MS = 30_000;
/** A server that ignores SIGTERM is killed after this. */
const END_WITHIN_MS = 10_000;

/** @throws ChildServerError when the program is missing, ends early or is not ready in time; it has ended by then. */
export async function startChildServer(options: ChildServerOptions): Promise<ChildServer> {
  const { command, directory, environment, missing, ready } = options;
  if (findProgram(command) === undefined) throw new ChildServerError(missing, '');
  const [program = command, ...rest] = [...dieWithParent(), command, ...options.arguments];
  const child = spawn(program, rest, {
    cwd: directory,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  const end = (signal: NodeJS.Signals): Promise<void> => endChild(child, ended, signal);
  try {
    const greeting = await waitForGreeting(child, command, ready);
    return { pid: child.pid ?? 0, greeting, end };
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
}

/** The path of a program: itself when it is one, else where the PATH has it. */
export function findProgram(command: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  const candidates = command.includes('/') ? [command] : folders.map((folder) => join(folder, command));
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** What stands before a command so that its process ends with us, however we end; nothing where that cannot be had. */
export function dieWithParent(): readonly string[] {
  const canTie = process.platform === 'linux' && findProgram('setpriv') !== undefined;
  return canTie ? ['setpriv', '--pdeathsig', 'KILL', '--'] : [];
}

function waitForGreeting(child: ChildProcess, command: string, ready: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new ChildServerError(`${command} ${why}.`, output.trim()));
    };
    const timer = setTimeout(() => fail(`was not ready within ${READY_WITHIN_MS} ms`), READY_WITHIN_MS);
    const listen = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
      const match = ready.exec(output);
      if (match === null) return;
      clearTimeout(timer);
      for (const stream of [child.stdout, child.stderr]) stream?.off('data', listen).resume();
      resolve(match);
    };
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', listen);
    child.once('error', (error) => fail(`could not be started: ${error.message}`));
    child.once('close', (code, signal) => {
      fail(`ended with ${signal ?? `code ${code}`} before it was ready`);
    });
  });
}

async function endChild(child: ChildProcess, ended: Promise<void>, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), END_WITHIN_MS);
  await ended;
  clearTimeout(timer);
}
