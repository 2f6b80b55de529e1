const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/** A process that ran for this long counts as healthy again; ms. */
export const HEALTHY_AFTER_MS = 60_000;

/** ms to wait before a process is started again after its `failures`-th crash in a row (1, 2, 3 …). */
export function restartDelay(failures: number): number {
  return Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS);
}
