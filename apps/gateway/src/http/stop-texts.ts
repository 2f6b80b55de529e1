/** What is wrong with texts to stop at when {@link stopsAtOnce}; behind the name of their member. */
export const STOPS_AT_ONCE = 'must not hold an empty text: every answer would end before it begins.';

/** Whether an empty text is among those at which an answer is to end. Engines find it at once, or refuse it. */
export function stopsAtOnce(stop: unknown): boolean {
  return stop === '' || (Array.isArray(stop) && stop.includes(''));
}
