import { readFileSync } from 'node:fs';
import { type ClusterWorker, openRequest } from '#testing';
import { enginesOf, type RunningEngine } from '../../e2e/support/engines.js';

/** The share of a core an engine gets: a model that is tiny then says about 150 tokens a second, as a usual one does. */
const SHARE = 0.08;
/** What an engine may use at once after it was idle; ms of CPU time. */
const MOST_CREDIT_MS = 2;
/** What it used beyond that, because we came late, is forgiven, so that it never stands still for long. */
const MOST_DEBT_MS = 1;
const STEP_MS = 2;
const LOOK_EVERY_MS = 200;
const NANOSECONDS_PER_MS = 1e6;

/**
 * Slows engines down by stopping and continuing them all the time, so that answers last for seconds, no core is busy,
 * and all else of the engine is real. An engine that is loading or idle runs freely. Linux only.
 */
export class EngineThrottle {
  private readonly slowed = new Map<number, SlowedEngine>();
  private readonly looking = new Set<number>();
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(private readonly workers: () => readonly ClusterWorker[]) {}

  start(): void {
    this.timers.push(setInterval(() => this.look(), LOOK_EVERY_MS));
    this.timers.push(setInterval(() => this.step(), STEP_MS));
  }

  /** All engines run freely again. */
  stop(): void {
    for (const timer of this.timers.splice(0)) clearInterval(timer);
    for (const engine of this.slowed.values()) engine.release();
    this.slowed.clear();
  }

  private look(): void {
    const engines = this.workers()
      .filter(({ alive }) => alive)
      .flatMap(enginesOf)
      .filter(({ pid, command }) => !command.includes('--embeddings') && !this.slowed.has(pid));
    for (const engine of engines) {
      if (this.looking.has(engine.pid)) continue;
      this.looking.add(engine.pid);
      void this.slowDownIfReady(engine);
    }
  }

  private async slowDownIfReady({ pid, socketPath }: RunningEngine): Promise<void> {
    const ready = await openRequest({ url: '/health', socketPath }).then(
      ({ status }) => status === 200,
      () => false,
    );
    this.looking.delete(pid);
    if (ready && this.timers.length > 0) this.slowed.set(pid, new SlowedEngine(pid));
  }

  private step(): void {
    for (const [pid, engine] of this.slowed) {
      if (!engine.step()) this.slowed.delete(pid);
    }
  }
}

/** Earns CPU time at a steady pace, and stands still while it has used more than it earned. */
class SlowedEngine {
  private credit = 0;
  private standing = false;
  private seenAt = performance.now();
  private used: number | undefined;

  constructor(private readonly pid: number) {
    this.used = usedMs(pid);
  }

  /** @returns false when the engine has ended */
  step(): boolean {
    const [now, used] = [performance.now(), usedMs(this.pid)];
    if (used === undefined || this.used === undefined) return false;
    const earned = this.credit + (now - this.seenAt) * SHARE - (used - this.used);
    this.credit = Math.max(-MOST_DEBT_MS, Math.min(MOST_CREDIT_MS, earned));
    [this.seenAt, this.used] = [now, used];
    const stand = this.credit < 0;
    if (stand === this.standing) return true;
    this.standing = stand;
    return signal(this.pid, stand ? 'SIGSTOP' : 'SIGCONT');
  }

  release(): void {
    signal(this.pid, 'SIGCONT');
  }
}

/** CPU time of the thread that computes; undefined when the process has ended. */
function usedMs(pid: number): number | undefined {
  try {
    const [nanoseconds] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
    return Number(nanoseconds) / NANOSECONDS_PER_MS;
  } catch {
    return undefined;
  }
}

/** @returns false when there is no such process any more */
function signal(pid: number, name: 'SIGCONT' | 'SIGSTOP'): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
