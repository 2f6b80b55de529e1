import { pause } from '../pause.js';
import { retryDelay, TransientFailure, type RetryPolicy } from '../sources/retry.js';

/** Bytes that make up for earlier failures. */
const GAINED_BYTES = 1024 * 1024;

/** Counts the failures of one piece of work that gets longer between them. */
export class Patience {
  private failures = 0;

  constructor(
    private readonly policy: RetryPolicy,
    private mark: number,
  ) {}

  /**
   * Waits before the next try.
   * @param position how far the work has come.
   * @throws `error` itself when another try is not worth it; the signal's reason.
   */
  async afterFailure(error: unknown, position: number, signal: AbortSignal): Promise<void> {
    if (!(error instanceof TransientFailure)) throw error;
    if (position - this.mark >= GAINED_BYTES) this.failures = 0;
    this.mark = position;
    this.failures += 1;
    if (this.failures >= this.policy.attempts) throw error;
    const random = (this.policy.random ?? Math.random)();
    await pause(retryDelay(this.policy, this.failures, random, error.retryAfter), signal);
  }
}
