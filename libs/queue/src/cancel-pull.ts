import { setTimeout as delay } from 'node:timers/promises';
import type { Job, Queue } from 'bullmq';
import { LongshoreError } from '#contracts';

/** Workers are told again after this, because one may have taken the job a moment too late to hear it; ms. */
const TELL_INTERVAL_MS = 200;

/** A pull whose worker has died is back in the queue by then; ms. */
const GIVE_UP_AFTER_MS = 15_000;

export interface CancelPull {
  /** Every queue a pull may lie in. */
  readonly queues: readonly Queue[];
  /** Full reference. */
  readonly reference: string;
  /** Tells workers to stop this pull. */
  readonly tellWorkers: () => Promise<unknown>;
  /** Tells followers that the pull is over, where no worker does. */
  readonly conclude: () => Promise<unknown>;
}

/**
 * Ends the pull of a reference, wherever it is: one that waits is taken out of its queue, one that runs is stopped by
 * its worker.
 * @returns false when there is none.
 * @throws LongshoreError `worker_lost` when the worker that runs it does not stop
 */
export async function cancelPull(request: CancelPull): Promise<boolean> {
  const jobs = await Promise.all(request.queues.map((queue) => pullOf(queue, request.reference)));
  const begun = jobs.filter((job) => job !== undefined);
  await Promise.all(begun.map((job) => end(job, request)));
  return begun.length > 0;
}

async function pullOf(queue: Queue, reference: string): Promise<Job | undefined> {
  const id = await queue.getDeduplicationJobId(reference);
  return id === null ? undefined : ((await queue.getJob(id)) as Job | undefined);
}

async function end(job: Job, { reference, tellWorkers, conclude }: CancelPull): Promise<void> {
  for (const giveUpAt = performance.now() + GIVE_UP_AFTER_MS; performance.now() < giveUpAt;) {
    const state = await job.getState();
    if (state === 'completed' || state === 'failed' || state === 'unknown') return;
    if (state !== 'active' && (await isRemoved(job))) {
      await conclude();
      return;
    }
    await tellWorkers();
    await delay(TELL_INTERVAL_MS);
  }
  throw new LongshoreError('worker_lost', `The worker that pulls ${reference} did not stop.`);
}

/** False when a worker has taken the job meanwhile. */
async function isRemoved(job: Job): Promise<boolean> {
  return job.remove().then(
    () => true,
    () => false,
  );
}
