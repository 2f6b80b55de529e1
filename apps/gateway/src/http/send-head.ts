import type { ServerResponse } from 'node:http';
import { isEventStream, type StreamedResponse } from './streamed-response.js';

/** Headers of ours, beside those of an answer that comes from elsewhere; they win. */
export type OwnHeaders = Readonly<Record<string, number | string | readonly string[] | undefined>>;

/** Headers that belong to one connection, not to the response. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer']);

const STREAM_HEADERS = { 'cache-control': 'no-cache', 'x-accel-buffering': 'no' };

/**
 * Sets the status and the headers of a response. That of an event stream, which may stay open for long, is written down
 * at once, as one text: Node would keep its headers one by one, and a text made of a hundred pieces, until it ends.
 */
export function sendHead(
  raw: ServerResponse,
  head: Pick<StreamedResponse, 'status' | 'headers'>,
  own: OwnHeaders,
): void {
  const stream = isEventStream(head);
  const headers: Record<string, number | string | string[]> = stream ? { ...STREAM_HEADERS } : {};
  for (const [name, value] of Object.entries(head.headers)) {
    const key = name.toLowerCase();
    if (!HOP_BY_HOP.has(key)) headers[key] = value;
  }
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined) headers[name.toLowerCase()] = value as number | string | string[];
  }
  if (stream) {
    raw.writeHead(head.status, headers);
    joinPieces(Reflect.get(raw, '_header'));
    return;
  }
  raw.statusCode = head.status;
  for (const [name, value] of Object.entries(headers)) raw.setHeader(name, value);
}

/** Found in no head. */
const NOWHERE = /[^\s\S]/;

/** What is searched is made one piece first, and stays it. */
function joinPieces(text: unknown): void {
  if (typeof text === 'string') NOWHERE.test(text);
}
