import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventStream } from '../__fakes__/fake-completions.js';
import { type FakeGateway, startFakeGateway } from '../__fakes__/start-fake-gateway.js';

const CHUNKS = [
  'data: {"choices":[{"index":0,"delta":{"content":"Well"}}]}\n\n',
  'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
  'data: [DONE]\n\n',
];

const MESSAGES = [{ role: 'user', content: 'Hello' }];

describe('the time to the first token', () => {
  let fake: FakeGateway;

  beforeEach(async () => {
    fake = await startFakeGateway();
    fake.cluster.completions.respond = async () => eventStream(CHUNKS);
  });

  afterEach(() => fake.gateway.stop(0));

  const measuredAfter = async (path: string, members: object): Promise<number> => {
    const answer = await fetch(`${fake.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'ai/smollm2', ...members }),
    });
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('Well')]);
    const counts = async (name: string): Promise<number> => {
      const text = await fake.metrics.registry.metrics();
      return Number(new RegExp(`^${name}_count\\{.*\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
    };
    await expect.poll(() => counts('gen_ai_server_request_duration_seconds')).toBe(1);
    return counts('gen_ai_server_time_to_first_token_seconds');
  };

  it.each([
    ['/v1/messages', { max_tokens: 9, messages: MESSAGES, stream: true }],
    ['/api/chat', { messages: MESSAGES }],
    ['/v1/responses', { input: 'Hello', stream: true }],
  ])('is measured of what is told as it is made by %s', async (path, members) => {
    expect(await measuredAfter(path, members)).toBe(1);
  });

  it.each([
    ['/v1/messages', { max_tokens: 9, messages: MESSAGES }],
    ['/api/chat', { messages: MESSAGES, stream: false }],
    ['/v1/responses', { input: 'Hello' }],
  ])(
    'is not taken for that of the whole answer where %s tells it when it is complete',
    async (path, members) => {
      expect(await measuredAfter(path, members)).toBe(0);
    },
  );
});
