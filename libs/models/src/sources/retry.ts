import { pause } from '../pause.js';

/** How often and how patiently a request is tried again. */
export interface RetryPolicy {
  /** Tries in all, at least 1. */
  readonly attempts: number;
  /** Wait before the second try; doubles each time, ms. */
  readonly baseDelay: number;
  /** Longest wait of our own choice, ms. */
  readonly maxDelay: number;
  /** Longest wait a server may ask for, ms; two minutes when absent. */
  readonly maxRetryAfter?: number;
  /** Spreads the waits; in [0, 1). `Math.random` when absent. */
  readonly random?: () => number;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 5, baseDelay: 250, maxDelay: 10_000 };

const MAX_RETRY_AFTER_MS = 120_000;

/** Why one try did not count; the next may. */
export class TransientFailure extends Error {
  override readonly name = 'TransientFailure';

  constructor(
    message: string,
    /** ms the server asked us to wait. */
    readonly retryAfter?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * ms to wait after the `attempt`-th try failed (from 1): what the server asked for, else between half and the whole
 * of the exponential step. `random` is in [0, 1).
 */
export function retryDelay(
  policy: RetryPolicy,
  attempt: number,
  random: number,
  retryAfter?: number,
): number {
  if (retryAfter !== undefined) return Math.min(policy.maxRetryAfter ?? MAX_RETRY_AFTER_MS, retryAfter);
  const step = policy.baseDelay * 2 ** (attempt - 1);
  return Math.min(policy.maxDelay, step * (0.5 + random / 2));
}

/** Reads `Retry-After`, seconds or a date; ms from `now`, undefined when absent or not readable. */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Runs `task` until it does something else than throw a {@link TransientFailure}, or the policy ends. */
export async function retrying<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  task: () => Promise<T>,
): Promise<T> {
  const random = policy.random ?? Math.random;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await task();
    } catch (error) {
      if (!(error instanceof TransientFailure) || attempt >= policy.attempts) throw error;
      await pause(retryDelay(policy, attempt, random(), error.retryAfter), signal);
    }
  }
}
