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
