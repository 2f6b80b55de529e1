import { type ClusterWorker, openRequest } from '#testing';
import { enginesOf, type RunningEngine } from '../../e2e/support/engines.js';

/** The share of time an engine runs: a model that is tiny then says about 100 tokens a second, as a usual one does. */
const RUNS_MS = 1;
const RESTS_MS = 9;
const LOOK_EVERY_MS = 200;

/**
 * Slows engines down by stopping and continuing them all the time, so that answers last for seconds, no core is busy,
 * and all else of the engine is real. An engine that is loading runs freely.
 */
export class EngineThrottle {
  private readonly slowed = new Set<number>();
  private readonly looking = new Set<number>();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly workers: () => readonly ClusterWorker[]) {}

  start(): void {
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS);
  }

  /** All engines run freely again. */
  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
    for (const pid of this.slowed) signal(pid, 'SIGCONT');
  }

  private look(): void {
    const engines = this.workers()
      .filter(({ alive }) => alive)
      .flatMap(enginesOf)
      .filter(({ pid, command }) => !command.includes('--embeddings') && !this.looking.has(pid));
    for (const engine of engines) {
      this.looking.add(engine.pid);
      void this.slowDownOnceReady(engine);
    }
  }

  private async slowDownOnceReady({ pid, socketPath }: RunningEngine): Promise<void> {
    const ready = await openRequest({ url: '/health', socketPath }).then(
      ({ status }) => status === 200,
      () => false,
    );
    if (!ready) return void this.looking.delete(pid);
    this.slowed.add(pid);
    this.run(pid);
  }

  private run(pid: number): void {
    if (this.stopped || !signal(pid, 'SIGCONT')) return this.forget(pid);
    setTimeout(() => {
      if (this.stopped || !signal(pid, 'SIGSTOP')) return this.forget(pid);
      setTimeout(() => this.run(pid), RESTS_MS);
    }, RUNS_MS);
  }

  private forget(pid: number): void {
    this.slowed.delete(pid);
    this.looking.delete(pid);
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
