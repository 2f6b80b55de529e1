import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CuttingProxy, eventually, type RedisFixture, startCuttingProxy, startRedis } from '#testing';
import { RedisConnections } from './index.js';

/** The watchdog asks once a second and waits for 2 s; most of it is for slow machines. */
const NOTICED_MS = 20_000;
/** Less than ioredis takes by itself, and more than a slow machine adds to the 2 s. */
const SOON_MS = 10_000;

describe('a Redis that falls silent without closing its connections', () => {
  let server: RedisFixture;
  let proxy: CuttingProxy;
  let connections: RedisConnections;
  const lost: string[] = [];
  const recovered: string[] = [];

  beforeEach(async () => {
    server = await startRedis();
    proxy = await startCuttingProxy({ port: server.port });
    lost.length = recovered.length = 0;
    connections = new RedisConnections({
      url: proxy.url,
      name: 'test',
      onError: (role) => lost.push(role),
      onRecovered: (role) => recovered.push(role),
    });
  });
  afterEach(async () => {
    connections.close();
    await proxy.stop();
    await server.stop();
  });

  it('fails a request within 2 s, and the next one at once as soon as the silence is noticed', async () => {
    const redis = connections.failFast('commands');
    await connections.ready();
    await proxy.freeze();
    const begun = performance.now();
    await expect(redis.get('cargo')).rejects.toThrow('timed out');
    expect(performance.now() - begun).toBeLessThan(SOON_MS);
    await eventually(() => lost.length > 0, Boolean, { within: NOTICED_MS });

    // Not sent at all, so that nothing times out.
    await expect(redis.get('cargo')).rejects.toThrow('enableOfflineQueue');
    await proxy.heal();
    await eventually(() => redis.get('cargo').then(() => true), Boolean, { within: SOON_MS });
    expect(recovered).toEqual(['commands']);
  });

  it('lets patient commands wait, and answers them soon after it is back', async () => {
    const redis = connections.patient('frames');
    await connections.ready();
    await proxy.freeze();
    const waiting = Promise.all([redis.incr('one'), redis.incr('two')]);
    await eventually(() => lost.length > 0, Boolean, { within: NOTICED_MS });
    const later = redis.incr('three');
    await proxy.heal();
    const healed = performance.now();
    await Promise.all([waiting, later]);
    expect(performance.now() - healed).toBeLessThan(SOON_MS);
  });

  it('is noticed by a subscriber, which then hears again', async () => {
    const direct = new RedisConnections({ url: server.url, name: 'direct' });
    const redis = connections.subscriber('news');
    const heard: string[] = [];
    redis.on('message', (_channel: string, text: string) => heard.push(text));
    await redis.subscribe('channel');
    await proxy.freeze();
    await eventually(() => lost.length > 0, Boolean, { within: NOTICED_MS });
    await proxy.heal();
    const publisher = direct.patient('commands');
    await eventually(async () => {
      await publisher.publish('channel', 'back');
      return heard.includes('back');
    });
    expect(recovered).toEqual(['news']);
    direct.close();
  });

  it('is not suspected because this process stood still', async () => {
    const redis = connections.patient('commands');
    await connections.ready();
    const before = await redis.client('ID');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4_000);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await redis.client('ID')).toBe(before);
    expect(lost).toEqual([]);
  });

  it('is not suspected while it only hesitates for a second', async () => {
    const redis = connections.patient('commands');
    await connections.ready();
    const before = await redis.client('ID');
    await proxy.freeze();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await proxy.heal();
    expect(await redis.client('ID')).toBe(before);
  });
});
