import { once } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import { ownedDigest } from '#cluster';
import { openRequest } from '#testing';
import { eventStream, jsonResponse } from '../../__fakes__/fake-completions.js';
import { SMOLLM } from '../../__fakes__/fake-models.js';
import type { FakeGateway } from '../../__fakes__/start-fake-gateway.js';
import { ReadingEnded } from '../../completions/completions.js';
import { ADMIN, type Asked, CHAT, useGuardedGateway } from './__fixtures__/use-guarded-gateway.js';

describe('limits of keys', () => {
  const guarded = useGuardedGateway([SMOLLM]);
  const { ask, create } = guarded;
  let fake: FakeGateway;
  beforeEach(() => {
    fake = guarded.fake;
  });

  it('refuses who has used up a limit, and says for how long', async () => {
    const key = await create({ requests_per_minute: 60, tokens_per_minute: 600 });
    fake.cluster.keyUsage.verdict = { retryAfter: 0, remainingRequests: 59, remainingTokens: 600 };
    const first = await ask('/v1/chat/completions', { key, body: CHAT });
    expect(first.status).toBe(200);
    expect(first.headers).toMatchObject({
      'x-ratelimit-limit-requests': '60',
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-remaining-tokens': '600',
    });
    fake.cluster.keyUsage.verdict = { exhausted: 'tokens', retryAfter: 2_500 };
    const second = await ask('/v1/chat/completions', { key, body: CHAT });
    expect(second.status).toBe(429);
    expect(second.headers).toMatchObject({ 'retry-after': '3', 'retry-after-ms': '2500' });
    expect(JSON.parse(second.text)).toMatchObject({ error: { code: 'rate_limited' } });
    expect((await ask('/v1/models', { key })).status).toBe(200);
  });

  it('asks nothing of Redis about keys without limits', async () => {
    const key = await create({});
    await ask('/v1/chat/completions', { key, body: CHAT });
    await ask('/v1/chat/completions', { key: ADMIN, body: CHAT });
    expect(fake.cluster.keyUsage.begun).toEqual([]);
    expect(fake.cluster.keyUsage.charged).toEqual([]);
  });

  it('charges a key what its answers say that they cost', async () => {
    const key = await create({ tokens_per_minute: 600 });
    const { completions, keyUsage } = fake.cluster;
    const costOf = async (options: Asked): Promise<number | undefined> => {
      keyUsage.charged.length = 0;
      await ask('/v1/chat/completions', { key, body: CHAT, ...options });
      expect(keyUsage.charged.length).toBeLessThanOrEqual(1);
      return keyUsage.charged[0]?.tokens;
    };
    const usage = '"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12}';
    completions.respond = async () => jsonResponse(`{"choices":[],${usage}}`);
    expect(await costOf({})).toBe(12);
    const [head, tail] = [usage.slice(0, -3), usage.slice(-3)];
    completions.respond = async () =>
      eventStream([
        'data: {"x":"\\"total_tokens\\":9"}\n\n',
        `data: {${head}`,
        `${tail}}\n\ndata: [DONE]\n\n`,
      ]);
    expect(await costOf({})).toBe(12);
    completions.respond = async () =>
      eventStream(['data: {"timings":{"cache_n":3,"prompt_n":4,"predicted_n":5}}\n\n']);
    expect(await costOf({})).toBe(12);
    completions.respond = async () =>
      eventStream(['data: {}\n\ndata: {}\n\n', 'data: {}\n\n', 'data: [DONE]\n\n']);
    expect(await costOf({})).toBe(3);
    completions.respond = async () => jsonResponse('{}');
    expect(await costOf({})).toBeUndefined();
  });

  it('charges for an answer once that is read again by its idempotency key', async () => {
    const key = await create({ tokens_per_minute: 600 });
    const { completions, keyUsage } = fake.cluster;
    const answers = [12, 12, 30];
    completions.respond = async () => {
      const { headers, ...answer } = jsonResponse(`{"usage":{"total_tokens":${answers.shift()}}}`);
      return { ...answer, headers: { ...headers, 'x-longshore-request': 'gw-1.1' } };
    };
    for (let time = 0; time < 3; time++)
      await ask('/v1/chat/completions', { key, body: CHAT, headers: { 'idempotency-key': 'k-1' } });
    expect(keyUsage.charged.map(({ tokens }) => tokens)).toEqual([12, 18]);
  });

  describe('of an answer that goes on without its client', () => {
    const begun = 'data: {}\n\n';
    const whole = `${begun}data: {"usage":{"total_tokens":12}}\n\ndata: [DONE]\n\n`;
    const head = { status: 200, headers: { 'content-type': 'text/event-stream' } };
    const costs = (): readonly number[] => fake.cluster.keyUsage.charged.map(({ tokens }) => tokens);

    /** Asks, and hangs up once the answer has begun; it is complete then. */
    async function leave(key: string, path: string, body: object): Promise<void> {
      const { completions, streams } = fake.cluster;
      const headers = { ...head.headers, 'x-longshore-request': 'gw-1.1' };
      completions.respond = async ({ onAccepted }, signal) => {
        onAccepted?.({ requestId: 'gw-1.1', queue: 'q', model: 'm', ahead: 0, workerId: () => undefined });
        async function* events(): AsyncGenerator<string, void, void> {
          yield begun;
          if (!signal.aborted) await once(signal, 'abort');
          throw new ReadingEnded('internal');
        }
        return { ...eventStream(events()), headers };
      };
      const authorization = `Bearer ${key}`;
      const url = `${fake.url}${path}`;
      const open = await openRequest({
        url,
        headers: { authorization, 'x-longshore-resumable': 'true' },
        body: { model: 'ai/smollm2', stream: true, ...body },
      });
      await expect.poll(() => open.received().length).toBeGreaterThan(0);
      open.hangUp();
      await expect.poll(costs).toEqual([1]);
      streams.responses.set('gw-1.1', () => ({ ...eventStream([whole]), headers }));
      const fin = { outcome: 'completed' } as const;
      const log = { attempt: 1, frames: [], next: 1, bytes: 1, truncated: false };
      const logged = Buffer.from(whole);
      streams.logs.set('gw-1.1', { ...log, head: { ...head, workerId: 'w' }, body: logged, fin });
    }

    it('charges who reads the rest of it, once', async () => {
      const key = await create({ tokens_per_minute: 600 });
      await leave(key, '/v1/chat/completions', CHAT);
      for (let time = 0; time < 2; time++)
        expect((await ask('/v1/streams/gw-1.1', { key })).text).toContain('total_tokens');
      expect(costs()).toEqual([1, 11]);
    });

    it('charges who asks what has become of it, once', async () => {
      const key = await create({ tokens_per_minute: 600 });
      await leave(key, '/v1/responses', { input: 'Hi' });
      const path = `/v1/responses/resp_${ownedDigest('gw-1.1')}`;
      for (let time = 0; time < 2; time++)
        expect(JSON.parse((await ask(path, { key })).text)).toMatchObject({ status: 'completed' });
      expect(costs()).toEqual([1, 11]);
    });
  });

  it('charges a client that hangs up for what it was sent', async () => {
    const key = await create({ tokens_per_minute: 600 });
    const { completions, keyUsage } = fake.cluster;
    let over: () => void = () => undefined;
    completions.respond = async (_request, signal) =>
      eventStream(
        (async function* () {
          yield 'data: {}\n\n';
          yield 'data: {}\n\n';
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
          over();
        })(),
      );
    const ended = new Promise<void>((resolve) => (over = resolve));
    const url = `${fake.url}/v1/chat/completions`;
    const headers = { authorization: `Bearer ${key}` };
    const open = await openRequest({ url, headers, body: { ...CHAT, stream: true } });
    await expect.poll(() => open.received().length).toBeGreaterThan(10);
    open.hangUp();
    await ended;
    await expect.poll(() => keyUsage.charged).toEqual([{ id: expect.any(String), tokens: 2 }]);
  });

  it('charges answers that are made in the background', async () => {
    const key = await create({ tokens_per_minute: 600 });
    const { completions, keyUsage } = fake.cluster;
    completions.respond = async () => ({
      ...eventStream(['data: {"usage":{"total_tokens":12}}\n\n', 'data: [DONE]\n\n']),
      headers: { 'content-type': 'text/event-stream', 'x-longshore-request': 'gw-1.1' },
    });
    const { status } = await ask('/responses', {
      key,
      body: { model: 'ai/smollm2', input: 'x', background: true },
    });
    expect(status).toBe(200);
    await expect.poll(() => keyUsage.charged.map(({ tokens }) => tokens)).toEqual([12]);
  });
});
