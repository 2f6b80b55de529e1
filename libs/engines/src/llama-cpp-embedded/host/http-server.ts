import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isObject, type JsonObject } from './fields.js';
import { RequestError, badRequest, encodeError } from './request-error.js';
import type { Handler, Service } from './service.js';
import { streamEvents } from './stream-events.js';

/** Long chats fit; bytes. */
const BODY_LIMIT = 256 * 1024 * 1024;

/** Answers 503 to everything for as long as `service` gives undefined. Idle connections stay open. */
export function createHostServer(service: () => Service | undefined): Server {
  const server = createServer((request, response) => {
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('The client is gone.')));
    answer(service(), request, response, gone.signal).catch((error: unknown) => {
      if (gone.signal.aborted) return;
      if (response.headersSent) response.destroy();
      else sendError(response, error);
    });
  });
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  return server;
}

async function answer(
  service: Service | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  if (service === undefined) throw new RequestError(503, 'Loading model', 'unavailable_error');
  const handler = findHandler(service, request);
  const result = await handler(request.method === 'POST' ? await readBody(request) : {}, signal);
  if (result.kind === 'whole') sendJson(response, 200, result.body);
  else await streamEvents(response, result.chunks);
}

function findHandler(service: Service, request: IncomingMessage): Handler {
  const path = (request.url ?? '/').split('?', 1)[0];
  const handler = service.get(`${request.method} ${path}`);
  if (handler === undefined) throw new RequestError(404, 'File Not Found', 'not_found_error');
  return handler;
}

async function readBody(request: IncomingMessage): Promise<JsonObject> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > BODY_LIMIT) throw new RequestError(413, `The body is larger than ${BODY_LIMIT} bytes.`);
    parts.push(part);
  }
  const body = parseJson(Buffer.concat(parts).toString('utf8'));
  if (isObject(body)) return body;
  throw badRequest('The body must be a JSON object.');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(`The body is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  const length = Buffer.byteLength(text);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': length,
    // A body that was not read to its end would be taken for the next request.
    ...(response.req.complete ? {} : { connection: 'close' }),
  });
  response.end(text);
}

function sendError(response: ServerResponse, error: unknown): void {
  const { status, body } = encodeError(error);
  sendJson(response, status, body);
}
