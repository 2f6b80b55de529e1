import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventStream } from './__fakes__/fake-completions.js';
import { type FakeGateway, startFakeGateway } from './__fakes__/start-fake-gateway.js';

const STREAMS = 12;
const PROMPT_BYTES = 1_000_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What a call with that prompt is, where its answer is streamed. */
const CALLS: Readonly<Record<string, (prompt: string) => object>> = {
  '/v1/chat/completions': (prompt) => ({ stream: true, messages: [{ role: 'user', content: prompt }] }),
  '/v1/messages': (prompt) => ({
    stream: true,
    max_tokens: 9,
    messages: [{ role: 'user', content: prompt }],
  }),
  '/api/chat': (prompt) => ({ messages: [{ role: 'user', content: prompt }] }),
  '/v1/responses': (prompt) => ({ stream: true, input: prompt }),
};

describe('a gateway in the midst of long answers', () => {
  let fake: FakeGateway;
  const sockets: Socket[] = [];

  beforeEach(async () => {
    fake = await startFakeGateway();
    const { completions } = fake.cluster;
    completions.respond = async (_request, signal) => {
      completions.requests.splice(0);
      return eventStream(
        (async function* () {
          yield 'data: {"choices":[{"index":0,"delta":{"content":"Well"}}]}\n\n';
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        })(),
      );
    };
  });

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await fake.gateway.stop(0);
  });

  /** Resolves when the answer has begun. */
  const ask = (path: string, prompt: string): Promise<void> => {
    const body = JSON.stringify({ model: 'ai/smollm2', ...CALLS[path]?.(prompt) });
    const head = `POST ${path} HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\n`;
    const socket = connect(fake.port, '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`);
    return new Promise((resolve, reject) => {
      let heard = '';
      socket.on('data', (bytes) => {
        heard += bytes.toString();
        if (heard.includes('Well')) resolve();
        else if (!heard.startsWith('HTTP/1.1 200')) reject(new Error(heard));
      });
    });
  };

  const usedBytes = (): number => {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };

  /** Bytes that one answer keeps, in prompts. */
  const promptsHeld = async (path: string): Promise<() => number> => {
    await ask(path, 'Hello');
    const before = usedBytes();
    for (let index = 0; index < STREAMS; index++) await ask(path, String(index % 10).repeat(PROMPT_BYTES));
    return () => (usedBytes() - before) / STREAMS / PROMPT_BYTES;
  };

  it.each(['/v1/chat/completions', '/v1/messages', '/api/chat'])(
    'does not hold on to what was asked at %s',
    async (path) => {
      await expect.poll(await promptsHeld(path), { timeout: 20_000 }).toBeLessThan(0.25);
    },
  );

  it('does not hold on to the message that the last bytes it has sent came in', async () => {
    const text = Buffer.from('data: {"choices":[{"index":0,"delta":{"content":"Well"}}]}\n\n');
    const message = (): Buffer => Buffer.concat([text, Buffer.alloc(PROMPT_BYTES)]).subarray(0, text.length);
    fake.cluster.completions.respond = async (_request, signal) => {
      let steps = 0;
      const next = async (): Promise<IteratorResult<Buffer, undefined>> => {
        if (steps++ === 0) return { done: false, value: message() };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return { done: true, value: undefined };
      };
      return { ...eventStream([]), body: { [Symbol.asyncIterator]: () => ({ next }) } };
    };
    const path = '/v1/chat/completions';
    await ask(path, 'Hello');
    const before = usedBytes();
    for (let index = 0; index < STREAMS; index++) await ask(path, 'Hello');
    const messagesHeld = (): number => (usedBytes() - before) / STREAMS / PROMPT_BYTES;
    await expect.poll(messagesHeld, { timeout: 20_000 }).toBeLessThan(0.25);
  });

  it('holds what a response was asked once: it is kept with its answer', async () => {
    await expect.poll(await promptsHeld('/v1/responses'), { timeout: 20_000 }).toBeLessThan(1.25);
  });
});
