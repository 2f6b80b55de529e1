import { rmSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { EngineExit } from '../engine.js';
import { LineSplitter } from './line-splitter.js';
import { countOomKills } from './oom-kills.js';
import { sharedMemoryOf } from './shared-memory.js';
import { spawnGuarded, type Command, type GuardedProcess } from './spawn-guarded.js';

const LINES_KEPT = 200;

/** A process that does not mind its first SIGTERM gets a second one after this; ms. */
const SECOND_ASK_MS = 250;

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** True when `stop` was called before the end. */
  readonly asked: boolean;
  /** True when it had become ready: what it printed may then quote what callers sent. */
  readonly served?: boolean;
  /** True when it was killed while the system was killing programs for want of memory. */
  readonly killedForMemory?: boolean;
  /** What it printed last, oldest first. */
  readonly lastLines: readonly string[];
}

export interface EngineProcessOptions {
  readonly command: Command;
  readonly log: (line: string) => void;
  /** Removed before `exited` resolves. */
  readonly socketPath?: string;
  /** A folder of its own for whatever else it leaves; removed with all that is in it before `exited` resolves. */
  readonly scratchFolder?: string;
  /** Whether its processes talk through shared memory, which is given back before `exited` resolves. */
  readonly sharesMemory?: boolean;
  /** Turns an end into a sentence. */
  readonly explain: (end: ProcessEnd) => string;
  /** Whether memory was what it lacked. Absent = not known of this program. */
  readonly lackedMemory?: (end: ProcessEnd) => boolean;
}

/**
 * One running engine program: collects what it prints, notices its end at once, ends it on request. It dies with this
 * process. Never throws: a program that cannot be started is one that has exited.
 */
export class EngineProcess {
  readonly pid: number;
  /** Never rejects. The whole process group and the socket file are gone by then. */
  readonly exited: Promise<EngineExit>;
  readonly #guarded: GuardedProcess;
  readonly #sharesMemory: boolean;
  readonly #sharedMemory = new Set<string>();
  readonly #outputEnded: Promise<unknown>;
  #asked = false;
  #served = false;
  #gone = false;
  #killedFor: string | undefined;

  constructor(options: EngineProcessOptions) {
    const oomKills = countOomKills();
    this.#guarded = spawnGuarded(options.command);
    this.#sharesMemory = options.sharesMemory === true;
    this.pid = this.#guarded.child.pid ?? -1;
    const lastLines: string[] = [];
    const keep = (line: string): void => {
      lastLines.push(line);
      if (lastLines.length > LINES_KEPT) lastLines.shift();
      options.log(line);
    };
    const { stdout, stderr } = this.#guarded;
    this.#outputEnded = Promise.all([readLines(stdout, keep), readLines(stderr, keep)]);
    this.exited = this.#waitForEnd(lastLines, keep, { ...options, oomKills });
  }

  /** To be called once it answers. */
  markReady(): void {
    this.#served = true;
    this.#noteSharedMemory();
  }

  /** Asks with SIGTERM, twice, then kills. Resolves when the process is gone. */
  async stop(graceMs: number): Promise<void> {
    if (!this.#gone) {
      this.#asked = true;
      await this.#ask(Math.min(SECOND_ASK_MS, graceMs));
      await this.#ask(Math.max(0, graceMs - SECOND_ASK_MS));
      this.#killGroup();
    }
    await this.exited;
  }

  /** Kills it with all it has started, as if it had ended by itself. @param why a sentence, the reason of its exit */
  kill(why: string): void {
    if (this.#gone || this.#asked) return;
    this.#killedFor ??= why;
    this.#killGroup();
  }

  #killGroup(): void {
    this.#noteSharedMemory();
    this.#guarded.killGroup();
  }

  /** Only the living tell what they have mapped. */
  #noteSharedMemory(): void {
    if (!this.#sharesMemory) return;
    for (const path of sharedMemoryOf(this.pid)) this.#sharedMemory.add(path);
  }

  async #ask(patienceMs: number): Promise<void> {
    if (this.#gone || patienceMs <= 0) return;
    this.#guarded.child.kill('SIGTERM');
    const timer = new AbortController();
    const patience = delay(patienceMs, undefined, { signal: timer.signal }).catch(() => undefined);
    await Promise.race([this.exited, patience]);
    timer.abort();
  }

  async #waitForEnd(
    lastLines: readonly string[],
    keep: (line: string) => void,
    options: EngineProcessOptions & { readonly oomKills: number },
  ): Promise<EngineExit> {
    const { code, signal } = await new Promise<Pick<ProcessEnd, 'code' | 'signal'>>((resolve) => {
      const { child } = this.#guarded;
      child.once('error', (error) => {
        keep(error.message);
        if (child.pid === undefined) resolve({ code: null, signal: null });
      });
      child.once('exit', (exitCode, exitSignal) => resolve({ code: exitCode, signal: exitSignal }));
    });
    this.#gone = true;
    this.#killGroup();
    await this.#readOutputToItsEnd();
    if (options.socketPath !== undefined) rmSync(options.socketPath, { force: true });
    for (const path of this.#sharedMemory) rmSync(path, { force: true });
    if (options.scratchFolder !== undefined) rmSync(options.scratchFolder, { force: true, recursive: true });
    const end: ProcessEnd = {
      code,
      signal,
      asked: this.#asked,
      served: this.#served,
      killedForMemory: signal === 'SIGKILL' && !this.#asked && countOomKills() > options.oomKills,
      lastLines,
    };
    const outOfMemory = options.lackedMemory?.(end) === true;
    const reason = this.#killedFor ?? options.explain(end);
    return { code, signal, reason, ...(outOfMemory && { outOfMemory }) };
  }

  /** The last words say why it died. Everyone who could still write is dead, so the streams do end. */
  async #readOutputToItsEnd(): Promise<void> {
    const limit = new AbortController();
    const patience = delay(1_000, undefined, { signal: limit.signal }).catch(() => undefined);
    await Promise.race([this.#outputEnded, patience]);
    limit.abort();
  }
}

/** Resolves when the stream has ended and its last line was given to `onLine`. */
function readLines(stream: Readable, onLine: (line: string) => void): Promise<void> {
  const splitter = new LineSplitter(onLine);
  stream.setEncoding('utf8').on('data', (text: string) => splitter.push(text));
  return new Promise((resolve) => {
    stream.once('close', () => {
      splitter.flush();
      resolve();
    });
  });
}
