import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { configurationField, Names, type SessionConfiguration } from '#contracts';
import { RedisConnections, type RedisClient } from '#redis';
import { startRedis, type RedisFixture } from '#testing';
import { RedisConfigurations } from './index.js';

const ID = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'b'.repeat(64)}`;

const configuration = (fields: Partial<SessionConfiguration> = {}): SessionConfiguration => ({
  version: 1,
  modelId: ID,
  mode: 'completion',
  reference: 'docker.io/ai/one:latest',
  engine: 'llama.cpp',
  revision: 'r1',
  contextSize: 4096,
  flags: ['--temp', '0.7'],
  keepAlive: -1,
  speculative: { draftModelId: OTHER, tokens: 5 },
  hfOverrides: { rope_scaling: { type: 'dynamic' } },
  ...fields,
});

describe('configurations', () => {
  let server: RedisFixture;
  let connections: RedisConnections;
  let redis: RedisClient;
  let names: Names;
  let complaints: string[];
  let here: RedisConfigurations;
  let run = 0;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    names = new Names(`configurations-test-${run++}`);
    connections = new RedisConnections({ url: server.url, name: 'test' });
    redis = connections.failFast('commands');
    await connections.ready();
    complaints = [];
    here = new RedisConfigurations({ redis, names, onBadMessage: ({ message }) => complaints.push(message) });
  });
  afterEach(() => connections.close());

  it('gives back what was put, to whoever asks, one for each model and mode', async () => {
    const there = new RedisConfigurations({ redis, names });
    await here.put(configuration());
    await here.put(configuration({ mode: 'embedding', revision: 'r2' }));
    expect(await there.get({ modelId: ID, mode: 'completion' })).toEqual(configuration());
    expect((await there.get({ modelId: ID, mode: 'embedding' }))?.revision).toBe('r2');
    expect(await there.get({ modelId: OTHER, mode: 'completion' })).toBeUndefined();
    expect(await there.all()).toHaveLength(2);
  });

  it('puts a later one in the place of an earlier', async () => {
    await here.put(configuration());
    await here.put(configuration({ revision: 'r2' }));
    expect(await here.all()).toEqual([configuration({ revision: 'r2' })]);
  });

  it('loses no change of those who change one at once', async () => {
    const elsewhere = new RedisConnections({ url: server.url, name: 'elsewhere' });
    try {
      const there = new RedisConfigurations({ redis: elsewhere.failFast('commands'), names });
      await elsewhere.ready();
      const session = { modelId: ID, mode: 'completion' } as const;
      const added = Array.from({ length: 20 }, (_, index) => `--flag-${index}`);
      await Promise.all(
        added.map((flag, index) =>
          (index % 2 === 0 ? here : there).update(session, (standing) => ({
            ...configuration({ flags: [...(standing?.flags ?? []), flag] }),
          })),
        ),
      );
      expect((await here.get(session))?.flags?.toSorted()).toEqual(added.toSorted());
    } finally {
      elsewhere.close();
    }
  });

  it('asks again what to change when another was put, or it was removed, in between', async () => {
    const session = { modelId: ID, mode: 'completion' } as const;
    const seen: unknown[] = [];
    const between = [
      (): unknown => here.put(configuration({ contextSize: 8192 })),
      (): unknown => here.remove(session),
    ];
    await here.put(configuration());
    const written = await here.update(session, (standing) => {
      seen.push(standing?.contextSize);
      void between.shift()?.();
      return configuration({ ...standing, keepAlive: 1_000 });
    });
    expect(seen).toEqual([4096, 8192, undefined]);
    expect(await here.get(session)).toEqual(written);
    expect(written).toMatchObject({ contextSize: 4096, keepAlive: 1_000 });
  });

  it('leaves one as it is where nothing is to change, and puts one in the place of what cannot be read', async () => {
    const session = { modelId: ID, mode: 'completion' } as const;
    expect(await here.update(session, () => undefined)).toBeUndefined();
    expect(await here.all()).toEqual([]);
    await redis.hset(names.configurationsKey(), configurationField(session), '{"version":1');
    await here.update(session, (standing) => (standing === undefined ? configuration() : undefined));
    expect(await here.get(session)).toEqual(configuration());
  });

  it('removes one, those of a model, or all', async () => {
    await here.put(configuration());
    expect(await here.remove({ modelId: ID, mode: 'completion' })).toBe(true);
    expect(await here.remove({ modelId: ID, mode: 'completion' })).toBe(false);

    await here.put(configuration());
    await here.put(configuration({ mode: 'reranking' }));
    await here.put(configuration({ modelId: OTHER }));
    expect(await here.removeModel(ID)).toBe(2);
    expect((await here.all()).map(({ modelId }) => modelId)).toEqual([OTHER]);

    await here.clear();
    expect(await here.all()).toEqual([]);
  });

  it('leaves out entries that cannot be read, says so, and gives the rest', async () => {
    const field = configurationField({ modelId: OTHER, mode: 'completion' });
    await here.put(configuration());
    await redis.hset(names.configurationsKey(), field, '{"version":1');
    await redis.hset(names.configurationsKey(), 'nonsense', JSON.stringify(configuration()));
    expect(await here.all()).toEqual([configuration()]);
    expect(await here.get({ modelId: OTHER, mode: 'completion' })).toBeUndefined();
    expect(complaints).toEqual([
      expect.stringContaining(`configuration ${field}`),
      expect.stringContaining('configuration nonsense: it is another model or mode'),
      expect.stringContaining(`configuration ${field}`),
    ]);
  });

  it('says that Redis is away', async () => {
    await server.stop();
    await expect(here.get({ modelId: ID, mode: 'completion' })).rejects.toMatchObject({
      code: 'redis_unavailable',
    });
  });
});
