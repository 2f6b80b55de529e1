import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** A sender of a body that nobody wants gets so long to notice that it was answered; ms. */
const DISCARD_BODY_MS = 2_000;

/**
 * Reads a body to nowhere, until it ends, its sender hangs up or the time is up. A connection that is closed while
 * bytes still come is reset, and the reset takes the answer with it: who refuses a body sends the answer, discards the
 * body, and only then ends the response.
 */
export async function discardBody(request: IncomingMessage, withinMs = DISCARD_BODY_MS): Promise<void> {
  if (request.complete || request.destroyed) return;
  const over = new AbortController();
  const { signal } = over;
  request.resume();
  await Promise.race([
    once(request, 'end', { signal }),
    once(request, 'close', { signal }),
    sleep(withinMs, undefined, { signal }),
  ]).catch(() => undefined);
  over.abort();
}
