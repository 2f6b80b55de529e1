import type { Job } from 'bullmq';

/** A job as a pump hands it out. */
export interface PumpedJob {
  readonly id: string;
  readonly data: unknown;
  /** When it was put into its queue, by the clock of who did; ms since the epoch. */
  readonly queuedAt: number;
  /** Which try this is, from 1. */
  readonly attempt: number;
  /** How many workers and engines have ended with it. */
  readonly failures: number;
  /** Set when the job is given up, for example because workers died with it too often: answer it, do not run it. */
  readonly givenUp?: string;
  /** Set by who runs the job; called when the job's lock is lost: another worker may be running it. */
  onLockLost: (() => void) | undefined;
}

/** How often a job may be begun; a safeguard, its deadline comes first. */
export const MAX_ATTEMPTS = 1_000;

/** A job that this many workers or engines ended with is not given to one more. */
const MAX_FAILURES = 3;

type Counters = Pick<Job, 'attemptsStarted' | 'stalledCounter'> & Partial<Pick<Job, 'deferredFailure'>>;

/** Why a job is not to be run any more, as the end of a sentence; undefined when it is to be run. */
export function reasonToGiveUp(job: Counters): string | undefined {
  if (job.stalledCounter >= MAX_FAILURES) return `it ended ${job.stalledCounter} workers or engines`;
  if (job.attemptsStarted > MAX_ATTEMPTS) return `it was begun ${job.attemptsStarted - 1} times`;
  return job.deferredFailure ? job.deferredFailure : undefined;
}

export function pumpedJob(job: Job): PumpedJob {
  const givenUp = reasonToGiveUp(job);
  return {
    id: job.id ?? '',
    data: job.data,
    queuedAt: job.timestamp,
    attempt: job.attemptsStarted,
    failures: job.stalledCounter,
    onLockLost: undefined,
    ...(givenUp === undefined ? {} : { givenUp }),
  };
}
