import { once } from 'node:events';
import type { Readable } from 'node:stream';

/**
 * Resolves when `body` may have more to read, or has ended. Nothing is read.
 * @throws the error that ended `body`
 */
export async function readableAgain(body: Readable): Promise<void> {
  if (body.destroyed) throw body.errored ?? new Error('The connection was closed.');
  const settled = new AbortController();
  const events = ['readable', 'end', 'close'].map((name) => once(body, name, { signal: settled.signal }));
  try {
    await Promise.race(events);
  } finally {
    settled.abort();
  }
}
