import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventStream } from './__fakes__/fake-completions.js';
import { startFakeGateway, type FakeGateway } from './__fakes__/start-fake-gateway.js';

let fake: FakeGateway;
beforeEach(async () => (fake = await startFakeGateway()));
afterEach(() => fake.gateway.stop(0));

const ask = (): Promise<Response> =>
  fetch(`${fake.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"model":"smollm2","stream":true}',
  });

describe('a long answer that is there already', () => {
  it('lets others have their turns while it is written', async () => {
    let turns = 0;
    let ended = false;
    const count = (): void => {
      turns++;
      if (!ended) setImmediate(count);
    };
    let turnsMeanwhile = 0;
    async function* body(): AsyncGenerator<string, void, void> {
      const before = turns;
      for (let index = 0; index < 128; index++) yield `data: ${'x'.repeat(16_376)}\n\n`;
      turnsMeanwhile = turns - before;
    }
    fake.cluster.completions.respond = async () => eventStream(body());
    count();
    expect((await (await ask()).text()).length).toBe(2 * 1024 * 1024);
    ended = true;
    expect(turnsMeanwhile).toBeGreaterThanOrEqual(31);
  });
});

describe('a question for the head of an answer', () => {
  it('is answered when the answer has begun, without waiting for its end', async () => {
    let closed = false;
    async function* body(): AsyncGenerator<string, void, void> {
      try {
        for (;;) {
          yield 'data: {}\n\n';
          await delay(5);
        }
      } finally {
        closed = true;
      }
    }
    fake.cluster.streams.responses.set('gw-1.1', () => eventStream(body()));
    const response = await fetch(`${fake.url}/v1/streams/gw-1.1`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(await response.text()).toBe('');
    await vi.waitFor(() => expect(closed).toBe(true), 20_000);
  });
});
