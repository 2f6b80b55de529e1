import type { Readiness } from './readiness.js';
import type { Script, ScriptValue } from './run-script.js';
import { RETURN_ABANDONED } from './slim-backend/holding-scripts.js';

export interface AbandonedJobsOptions {
  readonly readiness: Readiness;
  readonly run: (script: Script, values: readonly ScriptValue[]) => Promise<unknown>;
  /** Between two looks; ms. */
  readonly interval: number;
  /** No look until the connection has been ready for this long; ms. */
  readonly settleTime: number;
  /** Looks that follow each other within this are close enough: no lock lives shorter; ms. */
  readonly recent: number;
  /** What holders get to renew their locks when looks did not follow each other closely; ms. */
  readonly grace: number;
  readonly onError: (error: Error) => void;
}

/** Most active jobs for one script. */
const BATCH = 1_000;

/**
 * Gives jobs whose holder died back to the queue, to be taken next. Any number of processes may look at the same queue
 * at once.
 */
export class AbandonedJobs {
  private timer: NodeJS.Timeout | undefined;
  private looking = false;

  constructor(private readonly options: AbandonedJobsOptions) {}

  start(): void {
    this.timer = setInterval(() => this.lookSoon(), this.options.interval);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private lookSoon(): void {
    if (this.looking || this.options.readiness.duration < this.options.settleTime) return;
    this.looking = true;
    const { run, recent, grace } = this.options;
    void returnAbandoned(run, { recent, grace })
      .catch(this.options.onError)
      .finally(() => (this.looking = false));
  }
}

/** One look at all active jobs of a queue. */
export async function returnAbandoned(
  run: AbandonedJobsOptions['run'],
  { recent, grace }: Pick<AbandonedJobsOptions, 'recent' | 'grace'>,
): Promise<void> {
  let first = 0;
  do {
    first = Number(await run(RETURN_ABANDONED, [recent, grace, first, BATCH]));
  } while (first > 0);
}
