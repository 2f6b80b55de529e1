import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LongshoreError } from '#contracts';
import { eventStream } from './__fakes__/fake-completions.js';
import { startFakeGateway, type FakeGateway } from './__fakes__/start-fake-gateway.js';

const STALL_MS = 1_000;
/** For a slow machine; nothing waits for its end. */
const SOON = { timeout: 20_000 };

let fake: FakeGateway;
beforeEach(async () => (fake = await startFakeGateway({ clientStallTimeout: STALL_MS })));
afterEach(() => fake.gateway.stop(0));

const BODY = '{ "model": "smollm2",  "stream": true, "top_k": 7 }';
const ask = (body = BODY, path = '/v1/chat/completions'): Promise<Response> =>
  fetch(`${fake.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });

/** A connection that has asked for a stream and reads only when told to. */
function askOverSocket(): Socket {
  const socket = connect(fake.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${BODY.length}\r\n\r\n${BODY}`,
  );
  return socket;
}

function until(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

describe('an answer', () => {
  it('reaches the client byte for byte, as does the question the engine', async () => {
    const events = ['data: {"a":1}\n\n', 'data: {"b":"ü"}\n', '\ndata: [DONE]\n\n'];
    fake.cluster.completions.respond = async () => eventStream(events);
    const response = await ask(BODY, '/engines/llama.cpp/v1/chat/completions');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(await response.text()).toBe(events.join(''));
    expect(fake.cluster.completions.requests[0]).toEqual({
      onAccepted: expect.any(Function),
      requestId: response.headers.get('x-request-id'),
      model: 'smollm2',
      engine: 'llama.cpp',
      route: '/v1/chat/completions',
      body: BODY,
      streaming: true,
    });
  });

  it('keeps the status and the headers of the engine, but for those of its connection', async () => {
    async function* body(): AsyncGenerator<Buffer, void, void> {
      yield Buffer.from('{"error":"no"}');
    }
    const headers = {
      'content-type': 'application/json',
      'content-length': '14',
      'x-own': '1',
      connection: 'close',
    };
    fake.cluster.completions.respond = async () => ({ status: 422, headers, body: body() });
    const response = await ask();
    expect(response.status).toBe(422);
    expect(response.headers.get('x-own')).toBe('1');
    expect(response.headers.get('connection')).toBe('keep-alive');
    expect(await response.text()).toBe('{"error":"no"}');
  });

  it('may be empty', async () => {
    fake.cluster.completions.respond = async () => eventStream([]);
    const response = await ask();
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it('is sent on as it comes, not once it is complete', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    fake.cluster.completions.respond = async () =>
      eventStream(
        (async function* () {
          yield 'data: 1\n\n';
          await released;
          yield 'data: 2\n\n';
        })(),
      );
    const response = await ask();
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const first = await reader.read();
    expect(Buffer.from(first.value ?? []).toString()).toBe('data: 1\n\n');
    release();
    const second = await reader.read();
    expect(Buffer.from(second.value ?? []).toString()).toBe('data: 2\n\n');
  });
});

describe('an answer that fails', () => {
  const failing = (chunks: string[], error: Error): AsyncGenerator<string, void, void> =>
    (async function* () {
      yield* chunks;
      throw error;
    })();

  it('has a status of its own while nothing was sent', async () => {
    fake.cluster.completions.respond = async () =>
      eventStream(failing([], new LongshoreError('worker_lost', 'worker w1 is gone')));
    const response = await ask();
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({
      error: { code: 'worker_lost', message: 'worker w1 is gone', type: 'server_error' },
    });
  });

  it('says when to come back', async () => {
    fake.cluster.completions.respond = async () => {
      throw new LongshoreError('too_many_requests');
    };
    const response = await ask();
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  });

  it('ends a stream that has begun with one error event and a broken connection', async () => {
    fake.cluster.completions.respond = async () =>
      eventStream(failing(['data: 1\n\n'], new LongshoreError('engine_failed', 'the engine died')));
    const { received, ended } = await readAll(askOverSocket());
    expect(received).toContain('data: 1\n\n');
    expect(received).toContain(
      'data: {"error":{"message":"the engine died","type":"server_error","param":null,"code":"engine_failed"}}\n\n',
    );
    expect(received).not.toContain('\r\n0\r\n\r\n');
    expect(ended).toBe(true);
    await expect(ask().then((response) => response.text())).rejects.toThrow('terminated');
  });

  it('separates the error event from an event that was cut in two', async () => {
    fake.cluster.completions.respond = async () =>
      eventStream(failing(['data: {"cut'], new LongshoreError('engine_failed')));
    const { received } = await readAll(askOverSocket());
    expect(received.replaceAll(/\r\n[0-9a-f]+\r\n/g, '')).toMatch(/data: \{"cut\s*\n\ndata: \{"error"/);
  });

  it('breaks the connection without a word when it is no event stream', async () => {
    async function* body(): AsyncGenerator<Buffer, void, void> {
      yield Buffer.from('{"half":');
      throw new LongshoreError('engine_failed');
    }
    const headers = { 'content-type': 'application/json' };
    fake.cluster.completions.respond = async () => ({ status: 200, headers, body: body() });
    const { received } = await readAll(askOverSocket());
    expect(received).toContain('{"half":');
    expect(received).not.toContain('error');
    expect(received).not.toContain('\r\n0\r\n\r\n');
  });

  it('keeps unforeseen faults to the log', async () => {
    fake.cluster.completions.respond = async () => {
      throw new TypeError('secret detail');
    };
    const response = await ask();
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(fake.log.join('')).toContain('secret detail');
  });
});

describe('a client that goes away', () => {
  it('aborts what is still waiting for its head', async () => {
    const aborted = vi.fn<() => void>();
    fake.cluster.completions.respond = async (_request, signal) => {
      await until(signal);
      aborted();
      throw new DOMException('aborted', 'AbortError');
    };
    const socket = askOverSocket();
    await vi.waitFor(() => expect(fake.cluster.completions.requests).toHaveLength(1), SOON);
    socket.destroy();
    await vi.waitFor(() => expect(aborted).toHaveBeenCalledOnce(), SOON);
    expect(fake.log).toEqual([]);
  });

  it('ends the stream it was reading', async () => {
    const ended = vi.fn<() => void>();
    fake.cluster.completions.respond = async (_request, signal) =>
      eventStream(
        (async function* () {
          try {
            yield 'data: 1\n\n';
            await until(signal);
            yield 'data: 2\n\n';
          } finally {
            ended();
          }
        })(),
      );
    const socket = askOverSocket();
    socket.resume();
    await once(socket, 'data');
    socket.destroy();
    await vi.waitFor(() => expect(ended).toHaveBeenCalledOnce(), SOON);
    await vi.waitFor(async () => {
      const text = await fake.metrics.registry.metrics();
      expect(text).toContain('outcome="client-gone"');
      expect(text).toMatch(/longshore_http_requests_total\{.*status="499"\} 1/);
    }, SOON);
  });

  it('ends every request it pipelined on the connection', async () => {
    const signals: AbortSignal[] = [];
    fake.cluster.completions.respond = async (_request, signal) => {
      signals.push(signal);
      await until(signal);
      throw new DOMException('aborted', 'AbortError');
    };
    const request =
      `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${BODY.length}\r\n\r\n${BODY}`;
    const socket = connect(fake.port, '127.0.0.1');
    socket.write(request.repeat(3));
    await vi.waitFor(() => expect(signals).toHaveLength(3), SOON);
    socket.destroy();
    await vi.waitFor(() => expect(signals.every((signal) => signal.aborted)).toBe(true), SOON);
  });

  it.each(['longer than a connection buffers', 'complete'])(
    'leaves no answer open that is %s behind another on its connection',
    async (kind) => {
      const event = `data: ${'x'.repeat(kind === 'complete' ? 1 : 100_000)}\n\n`;
      fake.cluster.completions.respond = async (_request, signal) => {
        if (fake.cluster.completions.requests.length > 1) return eventStream([event]);
        await until(signal);
        throw new DOMException('aborted', 'AbortError');
      };
      const request =
        `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${BODY.length}\r\n\r\n${BODY}`;
      const socket = connect(fake.port, '127.0.0.1');
      socket.write(request.repeat(2));
      await vi.waitFor(() => expect(fake.cluster.completions.requests).toHaveLength(2), SOON);
      await delay(50);
      socket.destroy();
      const metrics = async (): Promise<string> => (await fetch(`${fake.url}/metrics`)).text();
      await vi.waitFor(async () => expect(await metrics()).toMatch(/^longshore_open_responses 0$/m), SOON);
    },
  );
});

describe('a client that closes its sending half', () => {
  const request = (version: string): string =>
    `POST /v1/chat/completions HTTP/${version}\r\nHost: x\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${BODY.length}\r\n\r\n${BODY}`;

  async function askAndEnd(text: string): Promise<string> {
    const socket = connect({ port: fake.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.end(text);
    let answer = '';
    for await (const bytes of socket) answer += String(bytes);
    return answer;
  }

  it('gets the answer it waits for', async () => {
    fake.cluster.completions.respond = async () => {
      await delay(250);
      return eventStream(['data: 1\n\n', 'data: 2\n\n']);
    };
    const answer = await askAndEnd(request('1.1'));
    expect(answer).toContain('HTTP/1.1 200 OK');
    expect(answer).toMatch(/data: 1\n\n.*data: 2\n\n/s);
    expect(await askAndEnd('GET /version HTTP/1.0\r\n\r\n')).toContain('HTTP/1.1 200 OK');
  });

  it('gets every answer of what it pipelined', async () => {
    fake.cluster.completions.respond = async () => {
      await delay(50);
      return eventStream(['data: 1\n\n']);
    };
    const answer = await askAndEnd(request('1.1').repeat(3));
    expect(answer.match(/HTTP\/1.1 200 OK/g)).toHaveLength(3);
  });

  it('is told from one that is gone while its stream is silent', async () => {
    const aborted = vi.fn<() => void>();
    fake.cluster.completions.respond = async (_request, signal) => {
      signal.addEventListener('abort', aborted);
      return eventStream(
        (async function* () {
          yield 'data: 1\n\n';
          await until(signal);
        })(),
      );
    };
    const socket = connect(fake.port, '127.0.0.1');
    socket.write(request('1.1'));
    await once(socket, 'data');
    socket.destroy();
    await vi.waitFor(() => expect(aborted).toHaveBeenCalled(), SOON);
  });
});

describe('a client that does not read', () => {
  it('holds the source back, and is given up after the time limit', async () => {
    let produced = 0;
    const ended = vi.fn<() => void>();
    fake.cluster.completions.respond = async () =>
      eventStream(
        (async function* () {
          try {
            for (;;) {
              produced++;
              yield `data: ${'x'.repeat(65_536)}\n\n`;
            }
          } finally {
            ended();
          }
        })(),
      );
    const socket = askOverSocket();
    await vi.waitFor(() => expect(ended).toHaveBeenCalledOnce(), SOON);
    // What the kernel's buffers on both ends take is bounded by tcp_wmem and tcp_rmem; without the hold there is no end.
    expect(produced).toBeLessThan(400);
    await vi.waitFor(
      async () => expect(await fake.metrics.registry.metrics()).toContain('outcome="client-stalled"'),
      SOON,
    );
    socket.destroy();
  });

  it('is also given up in the middle of one large chunk', async () => {
    fake.cluster.completions.respond = async () => eventStream([`data: ${'x'.repeat(32 * 1024 * 1024)}\n\n`]);
    const socket = askOverSocket();
    await vi.waitFor(
      async () => expect(await fake.metrics.registry.metrics()).toContain('outcome="client-stalled"'),
      SOON,
    );
    socket.destroy();
  });

  it('is not given up while it reads slowly', async () => {
    const size = 24 * 1024 * 1024;
    fake.cluster.completions.respond = async () => eventStream(['x'.repeat(size)]);
    const socket = askOverSocket();
    let received = 0;
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      received += (chunk as Buffer).length;
      if (received >= size) break;
      await delay(2);
    }
    expect(received).toBeGreaterThanOrEqual(size);
    await vi.waitFor(
      async () => expect(await fake.metrics.registry.metrics()).toContain('outcome="completed"'),
      SOON,
    );
    socket.destroy();
  });
});

describe('the number of open requests', () => {
  it('is bounded: one more gets 429 at once', async () => {
    await fake.gateway.stop(0);
    fake = await startFakeGateway({ maxOpenRequests: 1 });
    fake.cluster.completions.respond = async (_request, signal) => {
      await until(signal);
      throw new DOMException('aborted', 'AbortError');
    };
    const first = askOverSocket();
    await vi.waitFor(() => expect(fake.cluster.completions.requests).toHaveLength(1), SOON);
    const second = await ask();
    expect(second.status).toBe(429);
    expect(await second.json()).toMatchObject({
      error: { code: 'too_many_requests', type: 'rate_limit_error' },
    });
    first.destroy();
  });
});

describe('a gateway that is asked to stop', () => {
  it('finishes what it has begun and takes nothing new', async () => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    fake.cluster.completions.respond = async () =>
      eventStream(
        (async function* () {
          yield 'data: 1\n\n';
          await released;
          yield 'data: [DONE]\n\n';
        })(),
      );
    const idle = await fetch(`${fake.url}/version`);
    await idle.text();
    const response = await ask();
    const stopped = fake.gateway.stop(5_000);
    await expect(fetch(`${fake.url}/version`)).rejects.toThrow('fetch failed');
    release();
    expect(await response.text()).toBe('data: 1\n\ndata: [DONE]\n\n');
    expect(await stopped).toBe(0);
  });

  it('cuts what is not done in time, and says how much', async () => {
    fake.cluster.completions.respond = async (_request, signal) =>
      eventStream(
        (async function* () {
          yield 'data: 1\n\n';
          await until(signal);
        })(),
      );
    const response = await ask();
    expect(await fake.gateway.stop(20)).toBe(1);
    await expect(response.text()).rejects.toThrow('terminated');
  });
});

async function readAll(socket: Socket): Promise<{ received: string; ended: boolean }> {
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
  socket.resume();
  await once(socket, 'close');
  return { received, ended: socket.readableEnded || socket.destroyed };
}
