import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayFailure } from './gateway-failure.js';

/** Waits before the second to the fifth try; ms. */
const DELAYS_MS: readonly number[] = [1_000, 2_000, 4_000, 8_000];

export interface RetryOptions {
  readonly signal: AbortSignal;
  /** Told before each wait. */
  readonly onRetry: (failure: GatewayFailure, delayMs: number, attempt: number, attempts: number) => void;
  readonly delaysMs?: readonly number[];
}

/** Tries again while what went wrong may pass: a broken connection, 502, 503 or 504. @throws what the last try threw */
export async function retrying<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, onRetry, delaysMs = DELAYS_MS } = options;
  for (const [index, delay] of delaysMs.entries()) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof GatewayFailure) || !error.transient) throw error;
      onRetry(error, delay, index + 1, delaysMs.length);
    }
    await sleep(delay, undefined, { signal });
  }
  return attempt();
}
