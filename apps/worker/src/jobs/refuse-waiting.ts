import type { LongshoreError } from '#contracts';
import type { JobQueue, PumpedJob, QueuePump } from '#queue';

export interface RefuseWaitingOptions {
  readonly queue: string;
  readonly jobs: Pick<JobQueue, 'unfinished'>;
  readonly createPump: (
    queue: string,
    run: (job: PumpedJob) => Promise<void>,
  ) => Pick<QueuePump, 'start' | 'stop'>;
  readonly refuse: (job: PumpedJob, error: LongshoreError) => Promise<void>;
}

const POLL_MS = 50;

/** Jobs of a worker that died come back to the waiting room within this; ms. */
const ABANDONED_LIMIT_MS = 20_000;

/**
 * Answers every job of a queue with an error, also those that a dead worker had begun. Resolves when none is left, or
 * when what is left is not abandoned after all, or Redis stays away.
 */
export async function refuseWaiting(options: RefuseWaitingOptions, error: LongshoreError): Promise<void> {
  const { queue, jobs, createPump, refuse } = options;
  const pump = createPump(queue, (job) => refuse(job, error));
  const giveUp = performance.now() + ABANDONED_LIMIT_MS;
  pump.start();
  try {
    // While Redis does not say how many are left, some may be.
    const left = (): Promise<number> => jobs.unfinished(queue).catch(() => Infinity);
    while ((await left()) > 0 && performance.now() < giveUp) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    await pump.stop();
  }
}
