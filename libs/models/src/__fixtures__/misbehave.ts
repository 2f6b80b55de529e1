import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FrontExchange } from '#testing';

/** Bytes of a range request, `end` exclusive; undefined when it asks for the whole. */
export function rangeOf(request: IncomingMessage): { start: number; end: number } | undefined {
  const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  return match ? { start: Number(match[1]), end: Number(match[2]) + 1 } : undefined;
}

/** Passes every piece of an answer through `change` before it is sent. */
export function changeBody(response: ServerResponse, change: (piece: Buffer) => Buffer): void {
  const write = response.write.bind(response) as (piece: Buffer) => boolean;
  response.write = ((piece: Buffer) => write(change(piece))) as typeof response.write;
}

/** Lets so many bytes of an answer through; calls `then` when they are sent, and sends nothing more. */
export function stopAfter(response: ServerResponse, bytes: number, then: () => void): void {
  const write = response.write.bind(response) as (piece: Buffer, sent?: () => void) => boolean;
  const end = response.end.bind(response) as () => ServerResponse;
  let left = bytes;
  response.write = ((piece: Buffer) => {
    if (left <= 0) return true;
    const part = piece.subarray(0, left);
    left -= part.length;
    return left > 0 ? write(part) : write(part, then);
  }) as typeof response.write;
  response.end = (() => (left > 0 ? end() : response)) as typeof response.end;
}

/** Applies `handle` to requests for one blob and counts them from 0; the registry answers all others. */
export function onBlob(
  digest: string,
  handle: (exchange: FrontExchange, count: number) => void,
): (exchange: FrontExchange) => void {
  let count = 0;
  return (exchange) => {
    if (exchange.request.url?.endsWith(digest) !== true) return exchange.forward();
    handle(exchange, count);
    count += 1;
  };
}
