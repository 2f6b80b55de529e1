import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CatalogueModel, ENVELOPE_VERSION, type ModelDefaults, Names } from '#contracts';
import { type RedisClient, RedisConnections } from '#redis';
import { type RedisFixture, startRedis } from '#testing';
import { RedisCatalogue } from './catalogue.js';
import { RedisNamedDefaults } from './named-defaults.js';

const names = new Names('defaults-test');
const ID = `sha256:${'a'.repeat(64)}`;
const model: CatalogueModel = { id: ID, tags: [], created: 0, config: {}, size: 1, origin: '' };
const bad: string[] = [];
let server: RedisFixture;
let connections: RedisConnections;
let redis: RedisClient;
let defaults: RedisNamedDefaults;
let catalogue: RedisCatalogue;

beforeAll(async () => {
  server = await startRedis();
  connections = new RedisConnections({ url: server.url, name: 'test' });
  redis = connections.failFast('commands');
  const subscriber = connections.subscriber('news');
  await connections.ready();
  const onBadMessage = ({ message }: Error): number => bad.push(message);
  defaults = new RedisNamedDefaults({ redis, names, onBadMessage });
  catalogue = new RedisCatalogue({ redis, subscriber, names });
});

afterAll(async () => {
  connections.close();
  await server.stop();
});

const reference = 'docker.io/ai/mario:latest';
const mario: ModelDefaults = {
  version: ENVELOPE_VERSION,
  reference,
  modelId: ID,
  system: 'You are Mario.',
  parameters: { temperature: 0.1 },
  messages: [{ role: 'user', content: 'Hi' }],
  license: ['MIT'],
};

describe('what names bring along', () => {
  it('is kept until another takes its place', async () => {
    expect(await defaults.find(reference)).toBeUndefined();
    await defaults.put(mario);
    expect(await defaults.find(reference)).toEqual(mario);
    await defaults.put({ ...mario, system: 'You are Luigi.' });
    expect((await defaults.find(reference))?.system).toBe('You are Luigi.');
    await defaults.remove(reference);
    expect(await defaults.find(reference)).toBeUndefined();
  });

  it('is gone with the name, whether that is taken away, given to another model or purged', async () => {
    await catalogue.put({ ...model, tags: [reference] });
    await defaults.put(mario);
    await catalogue.remove(reference, { force: false });
    expect(await defaults.find(reference)).toBeUndefined();

    await catalogue.put({ ...model, tags: [reference, 'docker.io/ai/other:1'] });
    await defaults.put(mario);
    await catalogue.tag('other:1', reference);
    expect(await defaults.find(reference)).toBeUndefined();

    await defaults.put(mario);
    await catalogue.purge();
    expect(await defaults.find(reference)).toBeUndefined();
  });

  it('is told of and left out when it cannot be read', async () => {
    await redis.hset(names.catalogueDefaultsKey(), reference, '{"system":7}');
    expect(await defaults.find(reference)).toBeUndefined();
    expect(bad.at(-1)).toContain(reference);
  });
});
