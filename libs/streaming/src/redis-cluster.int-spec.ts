import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Frame, Names } from '#contracts';
import { RedisConnections, type RedisClient } from '#redis';
import { eventually, startRedis, type RedisFixture } from '#testing';
import { encodeBatch, encodeLog } from './frames/frame-codec.js';
import { CLAIM_LOG, MEND_LOG, PUBLISH_FRAMES } from './log/log-scripts.js';

const names = new Names('cluster-test');
const GATEWAY = 'gw-cluster';
const BASE = names.responsesKey(GATEWAY);

/** Without this line Redis runs a script as it did before version 7, and lets it reach into any slot. */
const strict = (script: string): string => `#!lua\n${script}`;

describe('the scripts on a Redis Cluster', () => {
  let server: RedisFixture;
  let connections: RedisConnections;
  let redis: RedisClient;

  beforeAll(async () => {
    server = await startRedis({ arguments: ['--cluster-enabled', 'yes'] });
    connections = new RedisConnections({ url: server.url, name: 'test' });
    redis = connections.patient('admin');
    await redis.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await eventually(
      async () => String(await redis.call('CLUSTER', 'INFO')),
      (info) => info.includes('cluster_state:ok'),
    );
  });
  afterAll(async () => {
    connections.close();
    await server.stop();
  });

  const body = (stream: number, attempt: number): Frame => ({
    stream,
    attempt,
    sequence: 0,
    kind: 'body',
    payload: Buffer.from('x'),
  });

  it('keep to the slot of their gateway', async () => {
    const slot = async (key: string) => Number(await redis.call('CLUSTER', 'KEYSLOT', key));
    expect(
      new Set(await Promise.all([BASE, `${BASE}:fences`, names.logKey(GATEWAY, 7)].map(slot))).size,
    ).toBe(1);
    const elsewhere = `return redis.call('GET', KEYS[1] .. ':other') or redis.call('GET', 'elsewhere')`;
    await expect(redis.eval(strict(elsewhere), 1, BASE)).rejects.toThrow(/slot/);
    expect(await redis.eval(strict(CLAIM_LOG), 1, BASE, 7, 2)).toBe('');
    const batch = encodeBatch([body(7, 1), body(7, 2), body(8, 1)]);
    expect(await redis.eval(strict(PUBLISH_FRAMES), 1, BASE, 'channel', batch, 8, 60_000)).toEqual([
      0, 0, 7, 2,
    ]);
    expect(await redis.eval(strict(MEND_LOG), 1, BASE, 7, 2, 60_000, encodeLog([body(7, 2)]))).toBe(1);
    const lengths = [7, 8].map((stream) => redis.strlen(names.logKey(GATEWAY, stream)));
    expect(await Promise.all(lengths)).toEqual([34, 17]);
  });
});
