import { afterAll, beforeAll, expect, it } from 'vitest';
import { ENVELOPE_VERSION, Names } from '#contracts';
import { RedisConnections, type RedisClient } from '#redis';
import { type RedisFixture, startRedis } from '#testing';
import { ResponseRecords } from './response-records.js';

const names = new Names('records-test');
const MINUTE = 60_000;

let server: RedisFixture;
let connections: RedisConnections;
let redis: RedisClient;
let records: ResponseRecords;

beforeAll(async () => {
  server = await startRedis();
  connections = new RedisConnections({ url: server.url, name: 'test' });
  redis = connections.failFast('commands');
  await connections.ready();
  records = new ResponseRecords(redis, names);
});
afterAll(async () => {
  connections.close();
  await server.stop();
});

const recordOf = (queue: string, deadline: number) => ({
  version: ENVELOPE_VERSION,
  requestId: 'g.1',
  gatewayId: 'g',
  stream: 1,
  queue,
  streaming: true,
  resumable: true,
  deadline,
});

it('keeps the first record of a request, with the latest deadline', async () => {
  const ttl = async (): Promise<number> => redis.pttl(names.responseRecordKey('g.1'));
  expect(await records.put(recordOf('first', 2_000), MINUTE)).toMatchObject({ queue: 'first' });
  await records.put(recordOf('second', 9_000), 2 * MINUTE);
  expect(await records.read('g.1')).toMatchObject({ queue: 'first', deadline: 9_000 });
  expect(await ttl()).toBeGreaterThan(MINUTE);
  await records.put(recordOf('third', 3_000), MINUTE);
  expect(await records.read('g.1')).toMatchObject({ queue: 'first', deadline: 9_000 });
});

it('keeps a claim for as long as it was told last', async () => {
  await records.claim('digest', { requestId: 'g.1', fingerprint: 'f' }, MINUTE);
  await records.keepClaim('digest', 5 * MINUTE);
  expect(await redis.pttl(names.idempotencyKey('digest'))).toBeGreaterThan(2 * MINUTE);
});
