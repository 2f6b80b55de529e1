import type { Readable } from 'node:stream';
import { readableAgain } from '../readable-again.js';

const EVENT_END = '\n\n';

/** A member of the reports and of no other event; inside a text its quotes would be escaped. */
const PROGRESS = '"prompt_progress":';

/**
 * Takes the reports that a stream begins with out of it and resolves at the first other event. What follows is read
 * from `body` itself, so a token costs nothing more.
 * @throws the error that ended `body`
 */
export async function skipProgress(body: Readable): Promise<void> {
  let held: Buffer = Buffer.alloc(0);
  while (!body.readableEnded) {
    const piece = body.read() as Buffer | null;
    if (piece === null) {
      await readableAgain(body);
      continue;
    }
    held = withoutReports(held.length === 0 ? piece : Buffer.concat([held, piece]));
    if (held.includes(EVENT_END)) {
      body.unshift(held);
      return;
    }
  }
}

/** Drops whole leading reports. An event that is not whole yet stays. */
function withoutReports(bytes: Buffer): Buffer {
  let rest = bytes;
  let end = rest.indexOf(EVENT_END);
  while (end !== -1 && rest.subarray(0, end).includes(PROGRESS)) {
    rest = rest.subarray(end + EVENT_END.length);
    end = rest.indexOf(EVENT_END);
  }
  return rest;
}
