import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiKey, LongshoreError, Names } from '#contracts';
import { type RedisClient, RedisConnections } from '#redis';
import { type RedisFixture, startRedis } from '#testing';
import { createApiKey, digestApiKey, ownedDigest, RedisApiKeys, RedisKeyUsage } from './index.js';

const keyOf = (id: string, fields: Partial<ApiKey> = {}): ApiKey => ({
  version: 1,
  id,
  name: 'test',
  scopes: ['inference'],
  createdAt: 1,
  ...fields,
});

describe('API keys', () => {
  let server: RedisFixture;
  let connections: RedisConnections;
  let redis: RedisClient;
  let names: Names;
  let now: number;
  let here: RedisApiKeys;
  let there: RedisApiKeys;
  let complaints: string[];
  let run = 0;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    names = new Names(`api-keys-test-${run++}`);
    connections = new RedisConnections({ url: server.url, name: 'test' });
    redis = connections.failFast('commands');
    now = 1_000_000;
    complaints = [];
    const gateway = () =>
      new RedisApiKeys({
        redis,
        subscriber: connections.subscriber(`news-${Math.random()}`),
        names,
        now: () => now,
        onBadMessage: ({ message }) => complaints.push(message),
      });
    [here, there] = [gateway(), gateway()];
    await connections.ready();
    await Promise.all([here.start(), there.start()]);
  });
  afterEach(() => connections.close());

  it('makes keys of 256 random bits, and keeps nothing that they could be told from', async () => {
    const { key, id } = createApiKey();
    expect(key).toMatch(/^lsk_[\w-]{43}$/);
    expect(createApiKey().key).not.toBe(key);
    await here.add(digestApiKey(key), keyOf(id));
    const kept = JSON.stringify(await redis.hgetall(names.apiKeysKey()));
    expect(kept).toContain(id);
    expect(kept).not.toContain(key);
    expect(kept).not.toContain(key.slice(4, 20));
  });

  it('is known to every gateway at once, and gone from every gateway at once', async () => {
    const { key, id } = createApiKey();
    const digest = digestApiKey(key);
    expect(await there.find(digest)).toBeUndefined();
    await here.add(digest, keyOf(id));
    await expect.poll(() => there.find(digest)).toMatchObject({ id });
    expect(await here.remove(id)).toBe(true);
    expect(await here.find(digest)).toBeUndefined();
    await expect.poll(() => there.find(digest)).toBeUndefined();
    expect(await here.remove(id)).toBe(false);
  });

  it('answers from memory, for five seconds when no news comes', async () => {
    const { key, id } = createApiKey();
    const digest = digestApiKey(key);
    await redis.hset(names.apiKeysKey(), digest, JSON.stringify(keyOf(id)));
    await here.find(digest);
    // As if somebody had taken it away whose news is lost.
    await redis.del(names.apiKeysKey());
    now += 4_999;
    expect(await here.find(digest)).toMatchObject({ id });
    now += 2;
    expect(await here.find(digest)).toBeUndefined();
  });

  it('does not remember more than a thousand texts that callers make up', async () => {
    for (let i = 0; i < 1_005; i++) await here.find(digestApiKey(String(i)));
    expect((here as unknown as { found: Map<string, unknown> }).found.size).toBe(1_000);
  });

  it('keeps when a key was last used, to the minute', async () => {
    const { key, id } = createApiKey();
    await here.add(digestApiKey(key), keyOf(id));
    expect(await here.list()).toEqual([{ key: keyOf(id) }]);
    here.noteUse(id);
    await expect.poll(() => here.list()).toEqual([{ key: keyOf(id), usedAt: 1_000_000 }]);
    now += 59_000;
    here.noteUse(id);
    expect(await here.list()).toMatchObject([{ usedAt: 1_000_000 }]);
    now += 1_000;
    here.noteUse(id);
    await expect.poll(() => here.list()).toMatchObject([{ usedAt: 1_060_000 }]);
  });

  it('takes a damaged entry for none and says so', async () => {
    await redis.hset(names.apiKeysKey(), 'd1', '{"scopes":["root"]}');
    expect(await here.find('d1')).toBeUndefined();
    expect(await here.list()).toEqual([]);
    expect(complaints[0]).toContain('ApiKey');
  });

  it('fails, and lets nobody in, while Redis is away', async () => {
    connections.close();
    await expect(here.find('d1')).rejects.toThrow(LongshoreError);
  });

  describe('limits', () => {
    let usage: RedisKeyUsage;
    beforeEach(() => {
      usage = new RedisKeyUsage(redis, names);
    });

    it('lets a minute of requests through at once, over all gateways, and then one at a time', async () => {
      const other = new RedisConnections({ url: server.url, name: 'other' });
      try {
        const elsewhere = new RedisKeyUsage(other.failFast('commands'), names);
        await other.ready();
        const limits = { requestsPerMinute: 10 };
        const verdicts = [];
        for (let i = 0; i < 11; i++)
          verdicts.push(await (i % 2 === 0 ? usage : elsewhere).begin('k', limits));
        expect(verdicts.filter(({ exhausted }) => exhausted === undefined)).toHaveLength(10);
        expect(verdicts[0]).toEqual({ retryAfter: 0, remainingRequests: 9 });
        const last = verdicts.at(-1);
        expect(last).toMatchObject({ exhausted: 'requests', remainingRequests: 0 });
        // Ten a minute are one in six seconds.
        expect(last?.retryAfter).toBeGreaterThan(3_000);
        expect(last?.retryAfter).toBeLessThanOrEqual(6_000);
        expect((await usage.begin('another', limits)).exhausted).toBeUndefined();
      } finally {
        other.close();
      }
    });

    it('does not take more for requests that are refused', async () => {
      const limits = { requestsPerMinute: 1 };
      await usage.begin('k', limits);
      const first = await usage.begin('k', limits);
      for (let i = 0; i < 20; i++) await usage.begin('k', limits);
      const last = await usage.begin('k', limits);
      expect(last.retryAfter).toBeLessThanOrEqual(first.retryAfter);
    });

    it('refuses a key in debt until it is out of it', async () => {
      const limits = { requestsPerMinute: 100, tokensPerMinute: 600 };
      expect(await usage.begin('k', limits)).toMatchObject({ remainingTokens: 600 });
      await usage.charge('k', limits, 550);
      expect((await usage.begin('k', limits)).exhausted).toBeUndefined();
      await usage.charge('k', limits, 650);
      const refused = await usage.begin('k', limits);
      expect(refused).toMatchObject({ exhausted: 'tokens', remainingTokens: 0 });
      // 600 tokens of debt are a minute.
      expect(refused.retryAfter).toBeGreaterThan(55_000);
      expect(refused.retryAfter).toBeLessThanOrEqual(60_001);
      // A request that was refused for its tokens has not used up one of the requests.
      expect(refused.remainingRequests).toBe(98);
    });

    it('takes the tokens of an answer once, however often and however far it is read', async () => {
      const limits = { tokensPerMinute: 6_000 };
      const answer = { requestId: 'gw.1', ttl: 60_000 };
      for (let time = 0; time < 4; time++) await usage.charge('k', limits, 2_000, answer);
      // Who had heard a part of it goes on, and others hear less of it.
      await usage.charge('k', limits, 4_000, answer);
      await usage.charge('k', limits, 3_000, answer);
      await usage.charge('k', limits, 1_500, { ...answer, requestId: 'gw.2' });
      const { exhausted, remainingTokens } = await usage.begin('k', limits);
      expect(exhausted).toBeUndefined();
      // 5500 in all, of which some may have come back meanwhile.
      expect(remainingTokens).toBeGreaterThanOrEqual(500);
      expect(remainingTokens).toBeLessThan(4_500);
      expect(await redis.get(names.chargedKey('k', ownedDigest('gw.1')))).toBe('4000');
      expect(await redis.pttl(names.chargedKey('k', ownedDigest('gw.1')))).toBeGreaterThan(0);
    });

    it('lets a key go on once its bucket has room again', async () => {
      const limits = { tokensPerMinute: 60_000 };
      // Both leave together: a second between them would pay the debt.
      const [, refused] = await Promise.all([usage.charge('k', limits, 61_000), usage.begin('k', limits)]);
      expect(refused.exhausted).toBe('tokens');
      expect(refused.retryAfter).toBeLessThanOrEqual(1_001);
      await new Promise((resolve) => setTimeout(resolve, refused.retryAfter));
      await expect.poll(async () => (await usage.begin('k', limits)).exhausted).toBeUndefined();
    });

    it('leaves nothing in Redis once nothing is used up', async () => {
      await usage.begin('k', { requestsPerMinute: 60_000 });
      expect(await redis.pttl(names.apiKeyLimitsKey('k'))).toBeLessThanOrEqual(3);
      await expect.poll(() => redis.exists(names.apiKeyLimitsKey('k'))).toBe(0);
      await usage.charge('k', { tokensPerMinute: 600 }, 60);
      const left = await redis.pttl(names.apiKeyLimitsKey('k'));
      expect(left).toBeGreaterThan(3_000);
      expect(left).toBeLessThanOrEqual(6_001);
    });

    it('works at the largest limits', async () => {
      const limits = { requestsPerMinute: 1e9, tokensPerMinute: 1e9 };
      for (let i = 0; i < 5; i++) expect((await usage.begin('k', limits)).exhausted).toBeUndefined();
      await usage.charge('k', limits, 1e15);
      expect((await usage.begin('k', limits)).exhausted).toBe('tokens');
    });
  });
});
