import { type ChildProcess, fork, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../processes.js';
import { REPOSITORY } from '../repository.js';
import { LogTail } from './log-tail.js';

/** Variables of a process, on top of the few that every program needs. */
export type ProcessVariables = Readonly<Record<string, string>>;

export interface ClusterProcessOptions {
  /** Shown in errors and logs. */
  readonly name: string;
  /** Below `dist`, for example `apps/worker/src/main.js`. */
  readonly program: string;
  /** Folder of the release that has `dist`; absent = this repository. */
  readonly release?: string;
  readonly variables: ProcessVariables;
}

/** A gateway or a worker as a real process. Ends with us, however we end: its IPC channel breaks. */
export interface ClusterProcess {
  readonly name: string;
  readonly pid: number;
  /** On the clock of `performance.now()`. */
  readonly startedAt: number;
  /** False once it has ended. */
  readonly alive: boolean;
  /** The end of what it printed. */
  log(): string;
  /** Sends a signal and waits for the end of the process. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /**
   * Asks it to end, with SIGTERM, and waits for it.
   * @throws Error with its log when it does not end well, or not within `withinMs`; it has ended by then
   */
  stop(withinMs?: number): Promise<void>;
  /** Stops it in its tracks, with SIGSTOP. It goes on when `resume` is called or we end, however we end. */
  pause(): void;
  resume(): void;
}

export interface StartedProcess<Ready> {
  readonly process: ClusterProcess;
  /** What it sent when it was ready. */
  readonly ready: Ready;
}

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 40_000;

/** Lets a process go on once the pipe from us ends. A stopped process cannot notice that its parent has died. */
const CONTINUE_AT_END = 'read -r released; kill -CONT "$1"';

/** @throws Error with its log when the process ends early, or is not ready in time; it has ended by then. */
export async function startClusterProcess<Ready>(
  options: ClusterProcessOptions,
): Promise<StartedProcess<Ready>> {
  const { release = REPOSITORY } = options;
  const main = join(release, 'dist', options.program);
  if (!existsSync(main)) throw new Error(`${main} is missing; "npm run build" makes it.`);
  const child = fork(main, [], {
    cwd: release,
    env: { ...basicVariables(), ...options.variables },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const started = new ForkedProcess(options.name, child);
  try {
    return { process: started, ready: (await started.ready(READY_WITHIN_MS)) as Ready };
  } catch (error) {
    await started.kill('SIGKILL');
    throw error;
  }
}

function basicVariables(): ProcessVariables {
  const names = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LD_LIBRARY_PATH'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

class ForkedProcess implements ClusterProcess {
  readonly startedAt = performance.now();
  private readonly tail = new LogTail();
  private readonly ended: Promise<string>;
  private guard: ChildProcess | undefined;

  constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    for (const output of [child.stdout, child.stderr])
      output?.on('data', (chunk: Buffer) => this.tail.add(chunk));
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get alive(): boolean {
    return isAlive(this.pid);
  }

  log(): string {
    return this.tail.text;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.child.kill(signal);
    await this.ended;
    this.resume();
  }

  async stop(withinMs = STOP_WITHIN_MS): Promise<void> {
    this.resume();
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), withinMs);
    const end = await this.ended;
    clearTimeout(late);
    if (end !== 'code 0') throw this.failure(`was asked to stop and ended with ${end}`);
  }

  pause(): void {
    if (this.guard !== undefined || !this.alive) return;
    this.guard = spawn('/bin/sh', ['-c', CONTINUE_AT_END, 'sh', String(this.pid)], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.guard.on('error', () => this.child.kill('SIGCONT'));
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.guard?.stdin?.end();
    this.guard = undefined;
  }

  ready(withinMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(this.failure(`was not ready within ${withinMs} ms`)), withinMs);
      this.child.once('message', (message) => {
        clearTimeout(late);
        resolve(message);
      });
      // What it printed last is there once its outputs are closed.
      this.child.once('close', (code, signal) => {
        clearTimeout(late);
        reject(this.failure(`ended with ${signal ?? `code ${code}`} before it was ready`));
      });
    });
  }

  private failure(what: string): Error {
    return new Error(`${this.name} ${what}.\n${this.log()}`);
  }
}
