import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { discardBody } from '#lifecycle';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * An answer after which the connection is closed, to a client that is still sending, is complete at once but ends only
 * when its body has come or a moment has passed, so that the client can read it.
 */
export async function outlastBody(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<unknown> {
  if (!hasBody(request) || request.raw.complete || reply.getHeader('connection') !== 'close') return payload;
  if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload;
  void reply.header('content-length', Buffer.byteLength(payload));
  return Readable.from(beforeRestOf(request.raw, payload));
}

export function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

async function* beforeRestOf(
  body: IncomingMessage,
  payload: string | Buffer,
): AsyncGenerator<string | Buffer, void, void> {
  yield payload;
  await discardBody(body);
}
