import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { encodeError } from './request-error.js';

const HEAD = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };

/**
 * Writes chunks as server-sent events and `[DONE]` at the end, no faster than the client reads. A failure after the
 * head is written becomes an event with the error.
 * @throws what the first chunk throws, with nothing written. Stops asking for chunks once the client is gone.
 */
export async function streamEvents(response: ServerResponse, chunks: AsyncIterable<object>): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  if (response.closed) gone.abort();
  try {
    for await (const chunk of chunks) {
      if (!response.headersSent) response.writeHead(200, HEAD);
      if (!writeEvent(response, JSON.stringify(chunk)))
        await once(response, 'drain', { signal: gone.signal });
    }
  } catch (error) {
    if (!response.headersSent || gone.signal.aborted) throw error;
    writeEvent(response, JSON.stringify(encodeError(error).body));
    response.end();
    return;
  }
  writeEvent(response, '[DONE]');
  response.end();
}

/** False when the client should read first. */
function writeEvent(response: ServerResponse, data: string): boolean {
  return response.write(`data: ${data}\n\n`);
}
