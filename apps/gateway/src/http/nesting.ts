import { LongshoreError } from '#contracts';

/** Engines walk a body recursively: one of some ten thousand levels exhausts their stack and ends them for everyone. */
const DEEPEST_NESTING = 256;

/** @throws LongshoreError when a body, given as text and parsed, nests deeper than anything here walks */
export function refuseDeepNesting(text: string, data: unknown): void {
  // Shorter text has no room for that many brackets.
  if (text.length <= 2 * DEEPEST_NESTING || !isDeeperThan(DEEPEST_NESTING, data)) return;
  throw new LongshoreError('invalid_request', `The body is nested more than ${DEEPEST_NESTING} levels deep.`);
}

/** Whether parsed JSON has values within more than `limit` objects and arrays. Looks at one level after the other. */
export function isDeeperThan(limit: number, data: unknown): boolean {
  let level = containersIn([data]);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= limit) return true;
    level = level.flatMap((container) => containersIn(Object.values(container)));
  }
  return false;
}

function containersIn(values: readonly unknown[]): object[] {
  return values.filter((value): value is object => typeof value === 'object' && value !== null);
}
