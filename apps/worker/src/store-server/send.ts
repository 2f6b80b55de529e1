import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { discardBody } from '#lifecycle';
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

/** Answers with JSON. While a body is still coming the response stays open: `endExchange` ends it. */
export function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  const unread = isUnread(response.req);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...(unread && { connection: 'close' }),
  });
  if (unread) response.write(text);
  else response.end(response.req.method === 'HEAD' ? undefined : text);
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

/** Ends an exchange that was answered before its body was read: its sender gets a moment to read why. */
export async function endExchange({ request, response, limits }: Exchange): Promise<void> {
  const unread = isUnread(request);
  if (unread) await discardBody(request, limits.linger);
  if (!response.writableEnded && !response.destroyed) response.end();
  if (unread) request.destroy();
}

function isUnread({ complete, destroyed, headers }: IncomingMessage): boolean {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  return hasBody && !complete && !destroyed;
}
