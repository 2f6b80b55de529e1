import {
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
  UnprocessableEntityError,
  OpenAI,
} from 'openai';
import { describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import { eventStream, jsonResponse } from '../../__fakes__/fake-completions.js';
import { fake, useGateway } from '../../engines/__fixtures__/use-gateway.js';

useGateway();

const WHOLE = JSON.stringify({
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Fine.' }, finish_reason: 'stop' }],
});
const asked = { model: 'ai/smollm2', messages: [{ role: 'user', content: 'Hi' } as const] };
const client = (maxRetries = 0): OpenAI =>
  new OpenAI({ baseURL: `${fake.url}/v1`, apiKey: 'any', maxRetries });

/** Fails so often, then answers. */
function fail(times: number, error: LongshoreError): void {
  let calls = 0;
  fake.cluster.completions.respond = async () => {
    calls += 1;
    if (calls <= times) throw error;
    return jsonResponse(WHOLE);
  };
}

describe('the official library', () => {
  it('waits for as long as a full queue asks for, and tries again', async () => {
    fail(2, new LongshoreError('queue_full', undefined, undefined, 0.3));
    const before = performance.now();
    const { choices } = await client(2).chat.completions.create(asked);
    expect(choices[0]?.message.content).toBe('Fine.');
    expect(fake.cluster.completions.requests).toHaveLength(3);
    expect(performance.now() - before).toBeGreaterThan(590);
  });

  it('throws a RateLimitError when that was in vain', async () => {
    fail(9, new LongshoreError('queue_full', undefined, undefined, 0.01));
    const refused = client(1).chat.completions.create(asked);
    await expect(refused).rejects.toThrow(RateLimitError);
    await expect(refused).rejects.toMatchObject({ status: 429, code: 'queue_full' });
    expect(fake.cluster.completions.requests).toHaveLength(2);
  });

  it.each([
    ['worker_lost', 502, InternalServerError, 2],
    ['no_worker', 503, InternalServerError, 2],
    ['model_not_found', 404, NotFoundError, 1],
    ['invalid_request', 400, BadRequestError, 1],
    ['idempotency_conflict', 422, UnprocessableEntityError, 1],
  ] as const)(
    'throws for %s what its types say, and retries where that can help',
    async (code, status, type, calls) => {
      fail(9, new LongshoreError(code, undefined, undefined, 0.01));
      const refused = client(1).chat.completions.create(asked);
      await expect(refused).rejects.toThrow(type);
      await expect(refused).rejects.toMatchObject({ status, code });
      expect(fake.cluster.completions.requests).toHaveLength(calls);
    },
  );

  it('throws out of a stream that breaks off, after what came before', async () => {
    const piece = { choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: null }] };
    fake.cluster.completions.respond = async () =>
      eventStream(
        (async function* () {
          yield `data: ${JSON.stringify(piece)}\n\n`;
          throw new LongshoreError('worker_lost');
        })(),
      );
    const seen: string[] = [];
    const read = async (): Promise<void> => {
      for await (const { choices } of await client().chat.completions.create({ ...asked, stream: true }))
        seen.push(choices[0]?.delta.content ?? '');
    };
    await expect(read()).rejects.toMatchObject({ code: 'worker_lost' });
    expect(seen).toEqual(['Hi']);
  });

  it('reads past the comments of a stream that waits', async () => {
    fake.cluster.completions.respond = async () =>
      eventStream([': queued position=2\n\n', `data: ${WHOLE}\n\n`, 'data: [DONE]\n\n']);
    const seen: string[] = [];
    for await (const { object } of await client().chat.completions.create({ ...asked, stream: true }))
      seen.push(object);
    expect(seen).toEqual(['chat.completion']);
  });
});
