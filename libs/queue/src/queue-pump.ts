import { randomBytes } from 'node:crypto';
import { Job, type JobJson, type Worker } from 'bullmq';
import type { Names } from '#contracts';
import type { RedisClient } from '#redis';
import { AbandonedJobs } from './abandoned-jobs.js';
import { HandBack } from './hand-back.js';
import { JobLocks } from './job-locks.js';
import { MAX_ATTEMPTS, type PumpedJob, pumpedJob } from './pumped-job.js';
import { abandonment, PUMP_TIMING, type PumpTiming } from './pump-timing.js';
import { Readiness } from './readiness.js';
import { RunningJob } from './running-job.js';
import type { Script, ScriptValue } from './run-script.js';
import { runScript } from './slim-backend/slim-backend.js';
import { createWorker } from './manual-worker.js';

export interface QueuePumpOptions {
  readonly queue: string;
  readonly names: Names;
  /** A patient connection for commands; shared, not closed here. */
  readonly redis: RedisClient;
  /** Names the holder of locks. */
  readonly workerId: string;
  /** Jobs run at once. */
  readonly slots: number;
  /**
   * Runs one job to its end. It must answer failures itself: a rejection only marks the job failed. Throws HandBack to
   * let another consumer run the job, or go on with it.
   */
  readonly run: (job: PumpedJob) => Promise<void>;
  readonly onError: (error: Error) => void;
  /** Called when there is room for a job again, after all slots were busy. */
  readonly onRoom?: () => void;
  readonly timing?: Partial<PumpTiming>;
}

/**
 * Consumes one queue with a number of slots, over BullMQ's manual API. Unlike BullMQ's own loop it starts each job as
 * soon as it is fetched instead of filling all slots first, so that the first job of a burst does not wait for the
 * rest to be fetched. One blocking connection a pump.
 */
export class QueuePump {
  private readonly worker: Worker;
  private readonly timing: PumpTiming;
  private readonly running = new Map<string, RunningJob>();
  private readonly locks: JobLocks<RunningJob>;
  private readonly abandoned: AbandonedJobs;
  private loop: Promise<void> | undefined;
  private stopping = false;
  private slotFreed: (() => void) | undefined;
  private fetches = 0;
  /** Unlike the worker's id never used twice, so that a lock of an earlier life is not taken for ours. */
  private readonly holder: string;
  /** The last fetch found a job, so more are likely to wait. */
  private backlog = false;

  constructor(private readonly options: QueuePumpOptions) {
    const { onError } = options;
    const readiness = Readiness.of(options.redis);
    this.timing = { ...PUMP_TIMING, ...options.timing };
    this.holder = `${options.workerId}:${randomBytes(4).toString('hex')}`;
    const { lockDuration, lookInterval, settleTime } = this.timing;
    this.worker = createWorker(options, this.timing);
    this.locks = new JobLocks({
      readiness,
      run: this.script,
      held: () => [...this.running.values()].filter((job) => job.held),
      duration: lockDuration,
      onLost: (job) => job.lose(),
      onVanished: (job) => job.restore(this.script, lockDuration),
      onError,
    });
    this.abandoned = new AbandonedJobs({
      readiness,
      run: this.script,
      interval: lookInterval,
      settleTime,
      ...abandonment(this.timing),
      onError,
    });
  }

  /** Jobs being run. */
  get busy(): number {
    return this.running.size;
  }

  start(): void {
    if (this.loop !== undefined) return;
    this.locks.start();
    this.abandoned.start();
    this.loop = this.consume();
  }

  /** Takes no further job and resolves when those begun are done. Waiting jobs stay for others. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.abandoned.stop();
    this.slotFreed?.();
    // Breaks off the blocking fetch; jobs in hand keep their locks because renewal is ours.
    const closed = this.worker.close(true);
    await this.loop;
    // A job that completes may bring the next one with it, asked for before the stop.
    while (this.running.size > 0) {
      await Promise.allSettled([...this.running.values()].map(({ done }) => done));
    }
    this.locks.stop();
    await closed.catch(this.options.onError);
  }

  private readonly script = (script: Script, values: readonly ScriptValue[]): Promise<unknown> =>
    runScript(this.worker.getBackend(), script, values);

  private async consume(): Promise<void> {
    while (!this.stopping) {
      if (this.running.size >= this.options.slots) {
        await new Promise<void>((resolve) => (this.slotFreed = resolve));
        continue;
      }
      const token = `${this.holder}:${this.fetches++}`;
      const job = await this.fetch(token);
      this.backlog = job !== undefined;
      if (job !== undefined) this.begin(job, token);
    }
  }

  private async fetch(token: string): Promise<Job | undefined> {
    try {
      return await this.worker.getNextJob(token, { block: true });
    } catch (error) {
      if (!this.stopping) {
        this.options.onError(error as Error);
        await new Promise((resolve) => setTimeout(resolve, this.timing.retryDelay));
      }
      return undefined;
    }
  }

  private begin(job: Job, token: string): void {
    // Its lock ran out while Redis was away, and it came back to us: the run goes on under the new lock.
    if (this.running.get(job.id ?? '')?.adopt(job, token)) return;
    const running = new RunningJob(job, token, pumpedJob(job));
    this.running.set(running.id, running);
    running.done = this.finish(running);
  }

  private async finish(running: RunningJob): Promise<void> {
    let next: Job | undefined;
    const failure = await this.options.run(running.pumped).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    try {
      if (running.settle()) {
        if (failure === undefined) next = await this.complete(running);
        else await this.release(running, failure);
      }
    } catch (error) {
      this.options.onError(error as Error);
    }
    if (this.running.get(running.id) === running) this.running.delete(running.id);
    if (next !== undefined) return this.begin(next, running.token);
    if (this.running.size === this.options.slots - 1 && !this.stopping) this.options.onRoom?.();
    this.slotFreed?.();
  }

  /** Completes a job and, while jobs are known to wait, takes the next one in the same round trip. */
  private async complete({ job, token }: RunningJob): Promise<Job | undefined> {
    const next: unknown = await job.moveToCompleted('', token, this.backlog && !this.stopping);
    const [json, id] = Array.isArray(next) ? (next as [JobJson | null | undefined, string | undefined]) : [];
    if (!json) {
      this.backlog = false;
      return undefined;
    }
    const following = Job.fromJSON(this.worker, json, id);
    following.token = token;
    return following;
  }

  private async release(running: RunningJob, error: Error): Promise<void> {
    if (error instanceof HandBack && running.attempt <= MAX_ATTEMPTS) {
      return running.handBack(this.script, this.timing.lockDuration, error.blame);
    }
    this.options.onError(error);
    await running.job.moveToFailed(error, running.token, false);
  }
}
