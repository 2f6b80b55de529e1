import { once } from 'node:events';
import type { RecentLine, RecentLines } from '#observability';
import type { Exchange } from './send.js';

/** Lines that may wait for their reader; bytes. What comes beyond is left out. */
const BACKLOG = 1024 * 1024;

/** A quiet log gets an empty line so often, so that its connection is not taken for a dead one; ms. */
const QUIET_LIMIT_MS = 10_000;

/** Sends the latest lines of the log, one JSON object a line, oldest first; goes on with what comes where that is wanted. */
export async function serveLogs(
  { request, response, signal }: Exchange,
  recent: RecentLines | undefined,
  follow: boolean,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  const lines = recent?.all() ?? [];
  response.write(lines.map(encodeLine).join(''));
  if (!follow) {
    response.end();
    return;
  }
  request.socket.setTimeout(0);
  // Says that what follows is new.
  response.write('\n');
  const stop = recent?.follow((line) => {
    if (response.writableLength < BACKLOG) response.write(encodeLine(line));
  });
  const quiet = setInterval(() => response.writableLength === 0 && response.write('\n'), QUIET_LIMIT_MS);
  try {
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    clearInterval(quiet);
    stop?.();
    response.end();
  }
}

function encodeLine(line: RecentLine): string {
  return `${JSON.stringify(line)}\n`;
}
