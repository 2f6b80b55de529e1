import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

export interface EventuallyOptions {
  /** Milliseconds until it gives up. Absent = long; tests that promise a time name it. */
  readonly within?: number;
  /** Milliseconds between two looks. */
  readonly every?: number;
  /** What is waited for; completes "Waited in vain for …". */
  readonly what?: string;
}

/**
 * Looks until `accept` says yes and returns what it saw then. A look that throws counts as a no. Looks at least once,
 * and once more at the deadline.
 * @throws Error that shows the last value, or has the last failure as its cause
 */
export async function eventually<T>(
  look: () => T | Promise<T>,
  accept: (value: T) => boolean = Boolean,
  { within = 20_000, every = 20, what = 'a condition' }: EventuallyOptions = {},
): Promise<T> {
  const deadline = performance.now() + within;
  for (;;) {
    const last = performance.now() >= deadline;
    const seen = await attempt(look);
    if ('value' in seen && accept(seen.value)) return seen.value;
    if (last) {
      const end =
        'value' in seen ? `last seen: ${inspect(seen.value, { depth: 4 })}` : 'the last look failed';
      throw new Error(`Waited in vain for ${what} for ${within} ms; ${end}.`, { cause: seen.cause });
    }
    await sleep(every);
  }
}

async function attempt<T>(
  look: () => T | Promise<T>,
): Promise<{ value: T; cause?: never } | { cause: unknown }> {
  try {
    return { value: await look() };
  } catch (cause) {
    return { cause };
  }
}
