import type { IncomingMessage, Server } from 'node:http';

/** What Node's own limit for a whole request, which knows no exceptions, would report. */
const TIMED_OUT = 'ERR_HTTP_REQUEST_TIMEOUT';

/**
 * Gives the body of a request until `timeoutMs` from now. Then the server is told of its connection as of one that
 * sends no request in time: by a `clientError` of that code.
 */
export function limitBodyTime(request: IncomingMessage, server: Server, timeoutMs: number): void {
  const late = setTimeout(() => {
    const error = Object.assign(new Error('the request did not arrive in time'), { code: TIMED_OUT });
    server.emit('clientError', error, request.socket);
  }, timeoutMs);
  late.unref();
  for (const event of ['end', 'close']) request.once(event, () => clearTimeout(late));
}
