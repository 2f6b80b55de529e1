import type { LongshoreError } from '#contracts';
import type { JobQueue, PumpedJob, QueuePump } from '#queue';

export interface RefuseWaitingOptions {
  readonly queue: string;
  readonly jobs: JobQueue;
  readonly createPump: (queue: string, run: (job: PumpedJob) => Promise<void>) => QueuePump;
  readonly refuse: (job: PumpedJob, error: LongshoreError) => void;
}

const POLL_MS = 50;

/** Answers every job that waits in a queue with an error. Resolves when the waiting room is empty. */
export async function refuseWaiting(options: RefuseWaitingOptions, error: LongshoreError): Promise<void> {
  const { queue, jobs, createPump, refuse } = options;
  const pump = createPump(queue, async (job) => refuse(job, error));
  pump.start();
  try {
    while ((await jobs.waiting(queue)) > 0) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  } finally {
    await pump.stop();
  }
}
