import type { IncomingHttpHeaders } from 'node:http';

const ACCEPTED = /^[\w.:/+=@-]{1,128}$/;

/**
 * The id of a request in headers and logs: the caller's own `X-Request-Id` where it is a sane one, else ours. A caller
 * may repeat its own, so nothing may be keyed by this.
 */
export function responseId(headers: IncomingHttpHeaders, ours: string): string {
  const theirs = headers['x-request-id'];
  return typeof theirs === 'string' && ACCEPTED.test(theirs) ? theirs : ours;
}
