import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StoreFault } from './store-fault.js';
import { type StoreLimits, timeFor } from './store-limits.js';

/** One request while it is being served. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborted when the caller hangs up or the server stops. */
  readonly signal: AbortSignal;
  readonly limits: StoreLimits;
}

/** Longest JSON document that is read; bytes. */
const BODY_LIMIT = 64 * 1024;

export function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(response.req.method === 'HEAD' ? undefined : text);
}

/** Sends bytes whose length was announced. Who takes them too slowly is cut off. */
export async function sendBytes(
  { response, signal, limits }: Exchange,
  bytes: AsyncIterable<Buffer>,
  length: number,
): Promise<void> {
  const cut = setTimeout(() => response.destroy(), timeFor(length, limits));
  try {
    await pipeline(bytes instanceof Readable ? bytes : Readable.from(bytes), response, { signal });
  } finally {
    clearTimeout(cut);
  }
}

/** Reads a body that is a JSON object. @throws StoreFault */
export async function readJson({ request, limits }: Exchange): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let length = 0;
  const cut = setTimeout(() => request.destroy(), limits.grace);
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > BODY_LIMIT) throw new StoreFault(413, 'too_large', 'The body is too large.');
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(cut);
  }
  try {
    const document: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof document === 'object' && document !== null) return document as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new StoreFault(400, 'invalid', 'The body must be a JSON object.');
}

/** Ends an exchange whose body was not read: its sender gets a moment to notice. */
export async function closeUnread({ request, response, limits }: Exchange): Promise<void> {
  if (request.complete || request.destroyed) return;
  const cut = setTimeout(() => request.destroy(), limits.linger);
  request.resume();
  await Promise.race([once(request, 'end'), once(response, 'close'), once(request, 'close')]).catch(
    () => undefined,
  );
  clearTimeout(cut);
  request.destroy();
}
