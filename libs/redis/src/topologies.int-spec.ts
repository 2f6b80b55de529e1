import { Cluster } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  eventually,
  findFreePort,
  type RedisClusterFixture,
  type RedisSentinelFixture,
  startRedisCluster,
  startRedisSentinel,
} from '#testing';
import { countListeners, onConnected, publishTo, type RedisClient, RedisConnections } from './index.js';

/** Keys of this number lie on all nodes. */
const KEYS = Array.from({ length: 40 }, (_, index) => `key-${index}`);
/** The 2 s of a fail-fast command, and what a slow machine adds. */
const SOON_MS = 10_000;

let connections: RedisConnections;
afterEach(() => connections.close());

/** What a subscriber hears on a channel. */
async function listen(subscriber: RedisClient, channel: string): Promise<string[]> {
  const heard: string[] = [];
  subscriber.on('message', (from: string, text: string) => from === channel && heard.push(text));
  await subscriber.subscribe(channel);
  return heard;
}

async function took(task: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await task();
  return performance.now() - begun;
}

describe('a Redis Cluster', () => {
  let cluster: RedisClusterFixture;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());
  beforeEach(() => {
    connections = new RedisConnections({ url: cluster.url, name: 'test' });
  });

  it('takes commands for keys on all nodes, from the first one on', async () => {
    const redis = connections.failFast('commands');
    await connections.ready();
    await Promise.all(KEYS.map((key) => redis.set(key, key)));
    expect(await Promise.all(KEYS.map((key) => redis.get(key)))).toEqual(KEYS);
  });

  it('is found through any of its nodes', async () => {
    connections.close();
    const nobody = await findFreePort();
    const url = `redis+cluster://127.0.0.1:${nobody},127.0.0.1:${cluster.nodes[2]?.port}`;
    connections = new RedisConnections({ url, name: 'test' });
    const redis = connections.patient('commands');
    const subscriber = connections.subscriber('news');
    await connections.ready();
    expect(await Promise.all(KEYS.map((key) => redis.set(key, '')))).toHaveLength(KEYS.length);
    await subscriber.subscribe('channel');
  });

  it('tells how many hear a channel, wherever they are connected', async () => {
    const redis = connections.failFast('commands');
    const near = connections.subscriber('near', 'channel');
    await connections.ready();
    expect(await publishTo(redis, 'channel', 'nobody')).toBe(0);
    const heard = await listen(near, 'channel');
    expect(await publishTo(redis, 'channel', 'near')).toBe(1);
    await near.unsubscribe('channel');
    for (const place of ['one', 'two', 'three', 'four']) {
      const far = connections.subscriber('far', place);
      const heardThere = await listen(far, 'channel');
      expect(await publishTo(redis, 'channel', place)).toBe(1);
      await eventually(() => heardThere.includes(place));
      await far.unsubscribe('channel');
    }
    expect(heard).toEqual(['near']);
    expect(await countListeners(redis, 'channel', 0)).toBe(0);
  });

  it('keeps the order of one channel', async () => {
    const redis = connections.patient('frames');
    const heard = await listen(connections.subscriber('elsewhere', 'another'), 'channel');
    await connections.ready();
    const sent = Array.from({ length: 300 }, (_, index) => String(index));
    await Promise.all(sent.map((text) => publishTo(redis, 'channel', Buffer.from(text))));
    await eventually(() => heard.length === sent.length);
    expect(heard).toEqual(sent);
  });

  it('fails requests fast and lets patient commands wait while a node is gone', async () => {
    const prompt = connections.failFast('prompt');
    const patient = connections.patient('patient');
    let connected = 0;
    await connections.ready();
    onConnected(patient, () => connected++);
    const [gone, ...others] = cluster.nodes;
    const all = KEYS.map((key) => patient.incr(`{${key}}:count`));
    await Promise.all(all);
    await gone?.kill();
    const outcomes = Promise.allSettled(KEYS.map((key) => prompt.get(key)));
    expect(await took(() => outcomes)).toBeLessThan(SOON_MS);
    const failed = (await outcomes).filter(({ status }) => status === 'rejected').length;
    expect(failed).toBeGreaterThan(0);
    expect(await took(() => Promise.allSettled(KEYS.map((key) => prompt.get(key))))).toBeLessThan(SOON_MS);

    const waiting = Promise.all(KEYS.map((key) => patient.incr(`{${key}}:count`)));
    await new Promise((resolve) => setTimeout(resolve, 500));
    await gone?.restart();
    await waiting;
    await eventually(() => Promise.all(KEYS.map((key) => prompt.get(key))).then(() => true));
    expect(connected).toBeGreaterThan(0);
    expect(others.length).toBe(2);
  });

  it('moves a subscriber whose node is gone, which says so', async () => {
    const publisher = connections.patient('publisher');
    const subscriber = connections.subscriber('news', 'channel');
    let ready = 0;
    subscriber.on('ready', () => ready++);
    const heard = await listen(subscriber, 'channel');
    await connections.ready();
    const counts = await Promise.all(cluster.nodes.map(({ port }) => listenersAt(port)));
    const home = cluster.nodes[counts.indexOf(1)];
    await home?.kill();
    await eventually(() => ready >= 2, Boolean, { within: SOON_MS });
    await home?.restart();
    await eventually(async () => {
      await publishTo(publisher, 'channel', 'again');
      return heard.includes('again');
    });
    expect(home).toBeDefined();
  });

  it('comes back when all of it was gone', async () => {
    const prompt = connections.failFast('prompt');
    const patient = connections.patient('patient');
    const heard = await listen(connections.subscriber('news'), 'channel');
    await connections.ready();
    await cluster.kill();
    expect(await took(() => Promise.allSettled(KEYS.map((key) => prompt.get(key))))).toBeLessThan(SOON_MS);
    await expect(prompt.get('key')).rejects.toThrow(/closed|cannot be reached/);
    const waiting = Promise.all(KEYS.map((key) => patient.set(key, 'kept')));
    await cluster.restart();
    expect(await took(() => waiting)).toBeLessThan(SOON_MS);
    await eventually(async () => (await prompt.get('key-1')) === 'kept', Boolean, { within: SOON_MS });
    await eventually(async () => {
      await publishTo(patient, 'channel', 'again');
      return heard.includes('again');
    });
  });

  it('ends when it is told to while all of it is gone, also for those who made a second client', async () => {
    const patient = connections.patient('patient');
    await connections.ready();
    if (!(patient instanceof Cluster)) throw new Error('This is no client of a cluster.');
    const second = patient.duplicate();
    await eventually(() => second.status === 'ready');
    await cluster.kill();
    const waiting = Promise.allSettled([patient.set('key', ''), second.bzpopmin('key', 0)]);
    const ended = [patient, second].map((client) => new Promise((resolve) => client.once('end', resolve)));
    await eventually(() => [patient, second].every(({ status }) => status === 'reconnecting'), Boolean, {
      every: 1,
    });
    for (const client of [patient, second]) client.disconnect();
    await Promise.all(ended);
    expect((await waiting).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await cluster.restart();
  });

  it('ends though somebody connects it anew before it has ended, but may begin afresh', async () => {
    const patient = connections.patient('patient');
    await connections.ready();
    if (!(patient instanceof Cluster)) throw new Error('This is no client of a cluster.');
    const blocking = patient.duplicate();
    await eventually(() => blocking.status === 'ready');
    const waiting = blocking.bzpopmin('nothing', 0);
    const ended = new Promise((resolve) => blocking.once('end', resolve));
    blocking.disconnect();
    await Promise.resolve();
    await expect(blocking.connect()).rejects.toThrow('Connection is closed.');
    await expect(waiting).rejects.toThrow(/closed/);
    await ended;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(blocking.status).toBe('end');
    await blocking.connect();
    blocking.disconnect();
    await blocking.connect();
    expect(await blocking.set('key', 'x')).toBe('OK');
    blocking.disconnect();
  });

  async function listenersAt(port: number): Promise<number> {
    const one = new RedisConnections({ url: `redis://127.0.0.1:${port}`, name: 'look' });
    const [, count] = await one.patient('look').pubsub('NUMSUB', 'channel');
    one.close();
    return Number(count);
  }
});

describe('a Redis behind sentinels', () => {
  let redis: RedisSentinelFixture;
  beforeEach(async () => {
    redis = await startRedisSentinel();
    const nobody = await findFreePort();
    const url = redis.url.replace('://', `://127.0.0.1:${nobody},`);
    connections = new RedisConnections({ url, name: 'test' });
  });
  afterEach(() => redis.stop());

  it('is found though a sentinel is gone, and followed to its new primary', async () => {
    const prompt = connections.failFast('prompt');
    const patient = connections.patient('patient');
    const heard = await listen(connections.subscriber('news'), 'channel');
    await connections.ready();
    await patient.set('cargo', 'bananas');
    await patient.call('WAIT', '1', '5000');
    const over = redis.failOver();
    await eventually(() => prompt.status !== 'ready');
    const said = await prompt.get('cargo').catch((error: Error) => error.message);
    expect(String(said)).not.toContain('timed out');
    const waiting = patient.append('cargo', ' and apples');
    await over;
    expect(await took(() => waiting)).toBeLessThan(SOON_MS);
    expect(await patient.get('cargo')).toBe('bananas and apples');
    await eventually(() => prompt.get('cargo').then(() => true), Boolean, { within: SOON_MS });
    await eventually(async () => {
      await publishTo(patient, 'channel', 'again');
      return heard.includes('again');
    });
  });

  it('is left when its primary has become a replica', async () => {
    const patient = connections.patient('patient');
    await connections.ready();
    const old = await redis.primary();
    const direct = new RedisConnections({ url: old.url, name: 'direct' });
    const [other] = redis.servers.filter((server) => server !== old);
    // What a primary does that a sentinel has demoted, but without the sentinel’s breaking off its clients.
    await direct.patient('demote').call('REPLICAOF', '127.0.0.1', String(other?.port));
    const waiting = patient.set('cargo', 'bananas');
    await direct.patient('promote').call('REPLICAOF', 'NO', 'ONE');
    await waiting;
    expect(await patient.get('cargo')).toBe('bananas');
    direct.close();
  });
});
