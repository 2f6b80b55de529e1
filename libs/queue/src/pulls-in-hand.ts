import type { Job, Worker } from 'bullmq';
import type { PullOutcome } from '#contracts';
import type { RedisClient } from '#redis';
import { AbandonedJobs } from './abandoned-jobs.js';
import { JobLocks } from './job-locks.js';
import { abandonment } from './pump-timing.js';
import { pumpedJob, reasonToGiveUp } from './pumped-job.js';
import { Readiness } from './readiness.js';
import { RunningJob } from './running-job.js';
import type { Script, ScriptValue } from './run-script.js';
import { RENEW_LOCKS } from './slim-backend/holding-scripts.js';
import { runScript } from './slim-backend/slim-backend.js';

export interface PullsInHandOptions {
  /** Renews no locks and looks for no stalled jobs itself. */
  readonly worker: Worker;
  /** The worker's connection. */
  readonly redis: RedisClient;
  /** ms, a multiple of 3. */
  readonly lockDuration: number;
  readonly onError: (error: Error) => void;
}

/** After Redis was away nobody looks for abandoned pulls for this long, because holders are still coming back; ms. */
const SETTLE_TIME_MS = 2_000;

interface Running {
  readonly job: RunningJob;
  readonly outcome: Promise<PullOutcome>;
}

/**
 * Keeps the pulls a worker runs its own over an outage of Redis, however long: a lock that ran out meanwhile is taken
 * back, a job that Redis has forgotten is made anew. Pulls whose worker has died go back to the queue.
 */
export class PullsInHand {
  private readonly running = new Map<string, Running>();
  private readonly locks: JobLocks<RunningJob>;
  private readonly abandoned: AbandonedJobs;

  constructor(private readonly options: PullsInHandOptions) {
    const { redis, lockDuration, onError } = options;
    const readiness = Readiness.of(redis);
    const run = this.script;
    this.locks = new JobLocks({
      readiness,
      run,
      held: () => [...this.running.values()].flatMap(({ job }) => (job.held ? [job] : [])),
      duration: lockDuration,
      onLost: (job) => job.lose(),
      onVanished: (job) => job.restore(run, lockDuration),
      onError,
    });
    this.abandoned = new AbandonedJobs({
      readiness,
      run,
      interval: lockDuration / 2,
      settleTime: SETTLE_TIME_MS,
      ...abandonment({ lockDuration }),
      onError,
    });
  }

  start(): void {
    this.locks.start();
    this.abandoned.start();
  }

  stop(): void {
    this.abandoned.stop();
    this.locks.stop();
  }

  /** Runs a job to its end. One that came back to its own worker joins the run that goes on. */
  async run(job: Job, token: string, task: () => Promise<PullOutcome>): Promise<PullOutcome> {
    const id = job.id ?? '';
    const before = this.running.get(id);
    if (before?.job.adopt(job, token) === true) return before.outcome;
    const reason = reasonToGiveUp(job);
    if (reason !== undefined) {
      return { ok: false, failure: 'failed', message: `the pull was given up: ${reason}` };
    }
    const running = { job: new RunningJob(job, token, pumpedJob(job)), outcome: task() };
    this.running.set(id, running);
    try {
      const outcome = await running.outcome;
      await this.hold(running.job);
      return outcome;
    } finally {
      if (this.running.get(id) === running) this.running.delete(id);
    }
  }

  /** The lock of a pull that ended while Redis was away has run out, and without it nobody would learn of the end. */
  private async hold(job: RunningJob): Promise<void> {
    const { lockDuration } = this.options;
    const changes = await this.script(RENEW_LOCKS, [lockDuration, job.id, job.token, job.attempt]);
    if ((changes as readonly unknown[])[1] === 'vanished') await job.restore(this.script, lockDuration);
  }

  private readonly script = (script: Script, values: readonly ScriptValue[]): Promise<unknown> =>
    runScript(this.options.worker.getBackend(), script, values);
}
