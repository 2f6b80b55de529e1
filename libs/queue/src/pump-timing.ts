export interface PumpTiming {
  /** A job whose holder has not renewed its lock for this long is given to another; ms. */
  readonly lockDuration: number;
  /** How often abandoned jobs are looked for; ms. At most half of the lock's life, so that no look comes too late. */
  readonly lookInterval: number;
  /** After Redis was away nobody looks for abandoned jobs for this long, because holders are still coming back; ms. */
  readonly settleTime: number;
  /** Longest single wait for a job; ms. Bounds how long a silent consumer can stay unnoticed. */
  readonly blockTimeout: number;
  /** Pause after a failed fetch; ms. */
  readonly retryDelay: number;
}

export const PUMP_TIMING: PumpTiming = {
  lockDuration: 1_500,
  lookInterval: 500,
  settleTime: 2_000,
  blockTimeout: 5_000,
  retryDelay: 200,
};

/**
 * When a job without a lock is abandoned: looks that follow each other within `recent` are close enough, because no lock
 * lives shorter; else holders get `grace` to renew their locks; ms.
 */
export function abandonment({ lockDuration }: Pick<PumpTiming, 'lockDuration'>) {
  const renewInterval = lockDuration / 3;
  return { recent: lockDuration - renewInterval, grace: 2 * renewInterval };
}
