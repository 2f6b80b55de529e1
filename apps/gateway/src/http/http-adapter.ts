import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { LongshoreError } from '#contracts';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { modelsTarget } from '../dialects/anthropic/models-target.js';
import { stripPathKey } from '../front-door/keys/path-key.js';
import { ARCHIVE_TYPES } from './check-media-type.js';
import { cleanPath } from './clean-path.js';

/** A client gets this long to send its headers; ms. */
const HEADERS_TIMEOUT_MS = 10_000;
/** How often that is checked; ms. */
const TIMEOUT_CHECK_INTERVAL_MS = 2_000;

/** What holds for every server that clients connect to. */
export const HTTP_LIMITS = {
  headersTimeout: HEADERS_TIMEOUT_MS,
  connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
} as const;

/** Longest name of an engine in a path; model names are wildcards and not bounded by it. */
const MAX_PARAMETER_LENGTH = 256;

export interface HttpAdapterOptions {
  /** Bytes. */
  readonly bodyLimit: number;
  /** Answers what the router itself refuses, such as broken percent-encoding. */
  readonly answerUnroutable: (error: Error, request: FastifyRequest, reply: FastifyReply) => void;
}

/** Fastify, with each body as the text it came in: bodies are passed on untouched, so nothing here parses them. Archives stay unread. */
export function createHttpAdapter({ bodyLimit, answerUnroutable }: HttpAdapterOptions): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit,
    // Bodies have a limit of their own, because an archive may take hours.
    requestTimeout: 0,
    http: HTTP_LIMITS,
    routerOptions: {
      ignoreDuplicateSlashes: true,
      ignoreTrailingSlash: true,
      maxParamLength: MAX_PARAMETER_LENGTH,
    },
    genReqId: () => randomUUID(),
    rewriteUrl: (request: IncomingMessage) => targetOf(request),
    frameworkErrors: answerUnroutable,
    clientErrorHandler: answerUnreadable,
    skipMiddie: true,
    return503OnClosing: false,
  });
  const fastify = adapter.getInstance();
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (_request, body, done) => {
    if (isUtf8(body)) done(null, body.toString('utf8'));
    else done(new LongshoreError('invalid_request', 'The body is not UTF-8 text.'));
  });
  fastify.addContentTypeParser([...ARCHIVE_TYPES], (_request, _body, done) => done(null));
  // Else Node closes the connection of a client that has closed its sending half and waits for the answer.
  Object.assign(fastify.server, { httpAllowHalfOpen: true });
  fastify.server.on('connection', (socket) => socket.setMaxListeners(0));
  return adapter;
}

/** Nothing that is logged or answered may show the key that a path began with. */
function targetOf(request: IncomingMessage & { originalUrl?: string }): string {
  const target = modelsTarget(cleanPath(stripPathKey(request)), request.headers);
  request.originalUrl = target;
  return target;
}

/** Answers bytes that are not HTTP, or not in time. There is no request yet, so there is no path to choose a shape by. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const { status, text } = unreadable(error.code);
  const body = `${text}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function unreadable(code: string | undefined): { status: string; text: string } {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: '431 Request Header Fields Too Large', text: 'the request headers are too large' };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: '408 Request Timeout', text: 'the request did not arrive in time' };
    default:
      return { status: '400 Bad Request', text: 'this is not an HTTP request' };
  }
}
