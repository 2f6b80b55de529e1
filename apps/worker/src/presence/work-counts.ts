import type { LongshoreError } from '#contracts';
import type { WorkerMetrics } from '#observability';
import type { PumpedJob } from '#queue';

/** A session as it is counted. */
export interface CountedSession {
  readonly busy: number;
  readonly engine: { readonly slots: number };
}

/** Counts what a worker does. */
export class WorkCounts {
  constructor(
    private readonly metrics: WorkerMetrics,
    private readonly sessions: () => readonly CountedSession[],
  ) {}

  /** @param now ms since the epoch */
  begun({ attempt, queuedAt }: Pick<PumpedJob, 'attempt' | 'queuedAt'>, modelId: string, now: number): void {
    // What was begun before has not waited all the time since it was queued.
    if (attempt > 1) return;
    this.metrics.queueWait.observe({ model: modelId }, Math.max(0, now - queuedAt) / 1_000);
  }

  loaded(): void {
    this.metrics.loads.inc({ outcome: 'loaded' });
  }

  notLoaded({ code }: LongshoreError): void {
    this.metrics.loads.inc({ outcome: code });
  }

  engineDied(): void {
    this.metrics.engineDeaths.inc();
  }

  engineStuck(): void {
    this.metrics.enginesStuck.inc();
  }

  /** All of it in the text format of Prometheus. */
  text(): Promise<string> {
    const sessions = this.sessions();
    this.metrics.sessions.set(sessions.length);
    this.metrics.slots.set(sessions.reduce((sum, { engine }) => sum + engine.slots, 0));
    this.metrics.busySlots.set(sessions.reduce((sum, { busy }) => sum + busy, 0));
    return this.metrics.registry.metrics();
  }
}
