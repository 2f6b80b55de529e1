import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isStoreToken } from '#cluster';
import type { WorkerAnnouncement } from '#contracts';
import { discardBody } from '#lifecycle';
import { worker } from './fake-workers.js';

/** A request as the store server of a worker got it. */
export interface StoreCall {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export type StoreReply = (
  call: StoreCall,
  response: ServerResponse,
  request: IncomingMessage,
) => void | Promise<void>;

/** The store server of a worker that is not there: answers as the test says to whoever has the secret. */
export class FakeStoreServer {
  readonly calls: StoreCall[] = [];
  /** Callers that hung up before their answer was complete. */
  hangUps = 0;
  /** Answers of routes, by method and path without query. Others are 404. */
  readonly answers = new Map<string, StoreReply>();
  /** Whether a request with this path has its body read before it is answered. */
  readsBody = (_path: string): boolean => true;

  private constructor(
    private readonly server: Server,
    readonly secret: { value: string },
  ) {}

  static async start(secret = 'ab'.repeat(32)): Promise<FakeStoreServer> {
    const fake = new FakeStoreServer(createServer(), { value: secret });
    fake.server.on('request', (request, response) => void fake.serve(request, response));
    await once(fake.server.listen(0, '127.0.0.1'), 'listening');
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** What a worker with this store announces. */
  announcement(workerId: string, models: readonly string[]): WorkerAnnouncement {
    return { ...worker(), workerId, models, storeUrl: this.url };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    if (this.server.listening) await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = request;
    response.once('close', () => (this.hangUps += response.writableFinished ? 0 : 1));
    const token = headers.authorization?.replace(/^Bearer /, '') ?? '';
    if (!isStoreToken(this.secret.value, token, Date.now()))
      return refuse(response, 401, 'token', 'This token is not of this cluster.');
    const body = this.readsBody(path) ? await readAll(request) : Buffer.alloc(0);
    const call = { method, path, headers, body };
    this.calls.push(call);
    const answer = this.answers.get(`${method} ${path.split('?')[0]}`);
    if (answer === undefined) return refuse(response, 404, 'not-found', 'There is nothing here.');
    await answer(call, response, request);
  }
}

/** Refuses at once and, like the real one, ends when the body has come. */
export function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  const text = JSON.stringify({ code, message });
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length });
  response.write(text);
  void discardBody(response.req).then(() => response.end());
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return Buffer.alloc(0);
  }
  return Buffer.concat(chunks);
}
