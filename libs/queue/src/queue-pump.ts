import { randomBytes } from 'node:crypto';
import { Job, type JobJson, Worker } from 'bullmq';
import type { Names } from '#contracts';
import type { RedisClient } from '#redis';
import { bullLocation } from './bull-queue.js';
import { HAND_BACK } from './slim-backend/holding-scripts.js';
import { createSlimBackend, runScript } from './slim-backend/slim-backend.js';
import { HandBack } from './hand-back.js';

/** A job as a pump hands it out. */
export interface PumpedJob {
  readonly id: string;
  readonly data: unknown;
  /** Which try this is, from 1. */
  readonly attempt: number;
  /** How many workers and engines have died with it. */
  readonly failures: number;
  /** Set when BullMQ has given the job up, for example after its workers died too often: answer it, do not run it. */
  readonly givenUp?: string;
  /** Set by who runs the job; called when the job's lock is lost: another worker may be running it. */
  onLockLost: (() => void) | undefined;
}

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
   * Runs one job to its end. It must answer failures itself: a rejection only marks the job failed. Throws HandBack
   * before it has answered anything to let another consumer run the job.
   */
  readonly run: (job: PumpedJob) => Promise<void>;
  readonly onError: (error: Error) => void;
  readonly timing?: Partial<PumpTiming>;
}

export interface PumpTiming {
  /** A job whose holder has not renewed its lock for this long is given to another; ms. */
  readonly lockDuration: number;
  /** How often abandoned jobs are looked for; ms. */
  readonly stalledInterval: number;
  /** Longest single wait for a job; ms. Bounds how long a silent consumer can stay unnoticed. */
  readonly blockTimeout: number;
  /** Pause after a failed fetch; ms. */
  readonly retryDelay: number;
}

const TIMING: PumpTiming = {
  lockDuration: 5_000,
  stalledInterval: 2_500,
  blockTimeout: 5_000,
  retryDelay: 200,
};

/** How often a job may be begun; a safeguard, its deadline comes first. */
const MAX_ATTEMPTS = 1_000;

interface RunningJob {
  job: Job;
  token: string;
  readonly pumped: PumpedJob;
  lost: boolean;
  done: Promise<void>;
}

/** How often a job may lose its worker before it is given up. */
const MAX_STALLED_COUNT = 2;

/**
 * Consumes one queue with a number of slots, over BullMQ's manual API. Unlike BullMQ's own loop it starts each job as
 * soon as it is fetched instead of filling all slots first, so that the first job of a burst does not wait for the
 * rest to be fetched. One blocking connection a pump.
 */
export class QueuePump {
  private readonly worker: Worker;
  private readonly timing: PumpTiming;
  private readonly running = new Map<string, RunningJob>();
  private loop: Promise<void> | undefined;
  private lockTimer: NodeJS.Timeout | undefined;
  private stopping = false;
  private slotFreed: (() => void) | undefined;
  private fetches = 0;
  /** Unlike the worker's id never used twice, so that a lock of an earlier life is not taken for ours. */
  private readonly holder: string;
  /** The last fetch found a job, so more are likely to wait. */
  private backlog = false;

  constructor(private readonly options: QueuePumpOptions) {
    this.timing = { ...TIMING, ...options.timing };
    this.holder = `${options.workerId}:${randomBytes(4).toString('hex')}`;
    const { name, prefix } = bullLocation(options.queue, options.names);
    const settings = {
      connection: options.redis,
      prefix,
      autorun: false,
      drainDelay: this.timing.blockTimeout / 1_000,
      lockDuration: this.timing.lockDuration,
      stalledInterval: this.timing.stalledInterval,
      maxStalledCount: MAX_STALLED_COUNT,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    };
    this.worker = new Worker(name, undefined, settings, createSlimBackend);
    this.worker.on('error', options.onError);
  }

  /** Jobs being run. */
  get busy(): number {
    return this.running.size;
  }

  start(): void {
    if (this.loop !== undefined) return;
    this.lockTimer = setInterval(() => void this.renewLocks(), this.timing.lockDuration / 2);
    void this.worker.startStalledCheckTimer();
    this.loop = this.consume();
  }

  /** Takes no further job and resolves when those begun are done. Waiting jobs stay for others. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.slotFreed?.();
    // Breaks off the blocking fetch; jobs in hand keep their locks because renewal is ours.
    const closed = this.worker.close(true);
    await this.loop;
    // A job that completes may bring the next one with it, asked for before the stop.
    while (this.running.size > 0) {
      await Promise.allSettled([...this.running.values()].map(({ done }) => done));
    }
    clearInterval(this.lockTimer);
    await closed.catch(this.options.onError);
  }

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
    const held = this.running.get(job.id ?? '');
    if (held !== undefined && !held.lost) {
      // Its lock ran out while Redis was away, and it came back to us: go on under the new lock.
      held.job = job;
      held.token = token;
      return;
    }
    const pumped: PumpedJob = {
      id: job.id ?? '',
      data: job.data,
      attempt: job.attemptsStarted,
      failures: job.stalledCounter,
      onLockLost: undefined,
      ...(job.deferredFailure ? { givenUp: job.deferredFailure } : {}),
    };
    const running: RunningJob = { job, token, pumped, lost: false, done: Promise.resolve() };
    this.running.set(pumped.id, running);
    running.done = this.finish(running);
  }

  private async finish(running: RunningJob): Promise<void> {
    let next: Job | undefined;
    try {
      await this.options.run(running.pumped);
      if (!running.lost) next = await this.complete(running);
    } catch (error) {
      if (!running.lost) await this.release(running, error as Error).catch(this.options.onError);
    }
    if (this.running.get(running.pumped.id) === running) this.running.delete(running.pumped.id);
    if (next === undefined) this.slotFreed?.();
    else this.begin(next, running.token);
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

  private async release({ job, token }: RunningJob, error: Error): Promise<void> {
    if (error instanceof HandBack && job.attemptsStarted < MAX_ATTEMPTS)
      return void (await this.handBack(job, token, error.blame));
    this.options.onError(error);
    await job.moveToFailed(error, token, false);
  }

  private async handBack(job: Job, token: string, blame: boolean): Promise<void> {
    const values = [job.id ?? '', token, job.attemptsStarted, blame ? 1 : 0];
    await runScript(this.worker.getBackend(), HAND_BACK, values);
  }

  private async renewLocks(): Promise<void> {
    const held = [...this.running];
    if (held.length === 0) return;
    try {
      const lost = await this.worker.extendJobLocks(
        held.map(([id]) => id),
        held.map(([, { token }]) => token),
        this.timing.lockDuration,
      );
      for (const id of lost) {
        const running = this.running.get(id);
        if (running === undefined) continue;
        running.lost = true;
        running.pumped.onLockLost?.();
      }
    } catch (error) {
      this.options.onError(error as Error);
    }
  }
}
