import type { Readiness } from './readiness.js';
import type { Script, ScriptValue } from './run-script.js';
import { RENEW_LOCKS } from './slim-backend/holding-scripts.js';

/** A job that this process runs. */
export interface HeldJob {
  readonly id: string;
  readonly token: string;
  readonly attempt: number;
}

export interface JobLocksOptions<T extends HeldJob> {
  readonly readiness: Readiness;
  readonly run: (script: Script, values: readonly ScriptValue[]) => Promise<unknown>;
  /** Jobs whose locks are to be kept. */
  readonly held: () => readonly T[];
  /** A lock runs out this long after its last renewal; ms. */
  readonly duration: number;
  readonly onLost: (job: T) => void;
  /** Redis has forgotten the job. */
  readonly onVanished: (job: T) => Promise<void>;
  readonly onError: (error: Error) => void;
}

/** Locks are renewed this often in their life. */
const RENEWALS = 3;

/** Most jobs for one script. */
const BATCH = 250;

/**
 * Keeps the locks of running jobs. A lock that ran out, because Redis was away or this process slept, is taken back
 * unless somebody else has begun the job: that is noticed within one interval.
 */
export class JobLocks<T extends HeldJob> {
  private timer: NodeJS.Timeout | undefined;
  private stopListening: (() => void) | undefined;
  private renewing = false;

  constructor(private readonly options: JobLocksOptions<T>) {}

  start(): void {
    this.timer = setInterval(this.renewSoon, this.options.duration / RENEWALS);
    this.stopListening = this.options.readiness.onReady(this.renewSoon);
  }

  stop(): void {
    clearInterval(this.timer);
    this.stopListening?.();
  }

  private readonly renewSoon = (): void => {
    const jobs = this.options.held();
    // A renewal that waits for Redis to come back is enough.
    if (this.renewing || jobs.length === 0) return;
    this.renewing = true;
    void this.renew(jobs)
      .catch(this.options.onError)
      .finally(() => (this.renewing = false));
  };

  private async renew(jobs: readonly T[]): Promise<void> {
    for (let first = 0; first < jobs.length; first += BATCH) {
      const batch = jobs.slice(first, first + BATCH);
      const locks = batch.flatMap(({ id, token, attempt }) => [id, token, attempt]);
      const changes = await this.options.run(RENEW_LOCKS, [this.options.duration, ...locks]);
      await this.settle(batch, changes as readonly (number | string)[]);
    }
  }

  private async settle(batch: readonly T[], changes: readonly (number | string)[]): Promise<void> {
    for (let index = 0; index < changes.length; index += 2) {
      const job = batch[Number(changes[index])];
      if (job === undefined) continue;
      if (changes[index + 1] === 'lost') this.options.onLost(job);
      if (changes[index + 1] === 'vanished') await this.options.onVanished(job);
    }
  }
}
