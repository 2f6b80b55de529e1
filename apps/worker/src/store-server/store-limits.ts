/** What a store server grants. Times in ms. */
export interface StoreLimits {
  /** Requests that are served at once; more get 503. */
  readonly requests: number;
  /** Callers that follow the log at once; they stay for as long as they like, and so take no place of others. */
  readonly followers: number;
  /** Connections at once; more are closed. */
  readonly connections: number;
  /** A connection on which nothing moves for so long is closed. */
  readonly idle: number;
  /** A caller may take so long for an answer of any length … */
  readonly grace: number;
  /** … and one more second for each so many bytes. */
  readonly bytesPerSecond: number;
  /** For the rest of a body nobody wants, so that its sender can read why. */
  readonly linger: number;
}

export const DEFAULT_STORE_LIMITS: StoreLimits = {
  requests: 64,
  followers: 128,
  connections: 512,
  idle: 60_000,
  grace: 60_000,
  bytesPerSecond: 128 * 1024,
  linger: 2_000,
};

/** Time a caller has to take an answer of so many bytes; ms. */
export function timeFor(bytes: number, { grace, bytesPerSecond }: StoreLimits): number {
  // Longer than a timer can count means no limit worth having.
  return Math.min(2 ** 31 - 1, grace + Math.ceil((bytes / bytesPerSecond) * 1_000));
}
