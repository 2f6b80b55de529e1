import type { Job, Queue } from 'bullmq';
import { ENVELOPE_VERSION, type PullEvent, type PullOutcome } from '#contracts';

/**
 * What the queue itself knows of a pull: how it ended, or its place while no worker has taken it; `gone` when it knows
 * nothing. Undefined while a worker runs it, who tells how it goes.
 */
export async function lookAtPull(
  queue: Queue,
  jobId: string,
  reference: string,
): Promise<PullEvent | 'gone' | undefined> {
  const job: Job | undefined = await queue.getJob(jobId);
  const about = { version: ENVELOPE_VERSION, reference };
  const state = await job?.getState();
  if (job === undefined || state === 'unknown') return 'gone';
  if (state === 'completed') return { ...about, outcome: job.returnvalue as PullOutcome };
  if (state === 'failed')
    return { ...about, outcome: { ok: false, failure: 'failed', message: job.failedReason } };
  if (state !== 'waiting') return undefined;
  const ahead = (await queue.getRanges(['waiting'], 0, -1, true)).indexOf(jobId);
  const message = describePlace(ahead);
  const layer = { size: 0, current: 0 };
  return { ...about, line: { type: 'progress', message, total: 0, layer, mode: 'pull' } };
}

/** @param ahead pulls that come first; negative when the pull has just been taken */
export function describePlace(ahead: number): string {
  if (ahead <= 0) return 'Waiting for a worker';
  return `Waiting for a worker; ${ahead === 1 ? '1 pull comes' : `${ahead} pulls come`} first`;
}
