import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a client asked. */
export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ScriptedServer {
  readonly url: string;
  readonly asked: readonly Asked[];
  close(): Promise<void>;
}

/** Answers one request; what it does not end stays open. */
export type Answer = (response: ServerResponse, asked: Asked) => void;

/**
 * A server that says what the test tells it to. Answers are looked up as `METHOD /path` without query; of a list each
 * is given once, the last for good. `GET /path/*` is for all below it. Everything else is 404.
 * @param socket path to listen at; absent = a free port
 */
export async function startScriptedServer(
  answers: Readonly<Record<string, Answer | readonly Answer[]>>,
  socket?: string,
): Promise<ScriptedServer> {
  const asked: Asked[] = [];
  const given = new Map<string, number>();
  const server = createServer((request, response) => {
    void readAll(request).then((body) => {
      const { method = '', url = '', headers } = request;
      const entry = { method, url, headers, body };
      asked.push(entry);
      const key = keyOf(answers, `${method} ${url.split('?')[0]}`);
      const turn = given.get(key) ?? 0;
      given.set(key, turn + 1);
      const listed = [answers[key] ?? notFound].flat();
      (listed[Math.min(turn, listed.length - 1)] ?? notFound)(response, entry);
    });
  });
  await new Promise<void>((resolve) => {
    if (socket === undefined) server.listen(0, '127.0.0.1', resolve);
    else server.listen(socket, resolve);
  });
  return {
    url: socket === undefined ? `http://127.0.0.1:${(server.address() as AddressInfo).port}` : `unix://${socket}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function keyOf(answers: Readonly<Record<string, unknown>>, asked: string): string {
  if (asked in answers) return asked;
  return Object.keys(answers).find((key) => key.endsWith('*') && asked.startsWith(key.slice(0, -1))) ?? asked;
}

export const json =
  (value: unknown, status = 200): Answer =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

export const text =
  (status: number, body: string, type = 'text/plain'): Answer =>
  (response) =>
    response.writeHead(status, { 'content-type': type }).end(body);

const notFound = text(404, 'not found\n');

async function readAll(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}
