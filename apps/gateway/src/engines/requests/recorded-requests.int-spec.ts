import { afterAll, beforeAll, expect, it } from 'vitest';
import { Names, type RecordedRequest } from '#contracts';
import { RedisConnections, type RedisClient } from '#redis';
import { eventually, startRedis, type RedisFixture } from '#testing';
import { RedisRecordedRequests } from './recorded-requests.js';

const ID = `sha256:${'a'.repeat(64)}`;
const names = new Names('recorded-requests-test');
const record = (count: number): RecordedRequest => ({
  version: 1,
  id: `${ID}_${count}`,
  modelId: ID,
  mode: 'completion',
  model: 'm',
  method: 'POST',
  url: '/v1/completions',
  request: '{}',
  response: '{}',
  timestamp: count,
  status: 200,
  userAgent: '',
});

let server: RedisFixture;
let connections: RedisConnections;
let redis: RedisClient;
let complaints: string[];

async function gateway(): Promise<RedisRecordedRequests> {
  const subscriber = connections.subscriber('news');
  const onBadMessage = ({ message }: Error): void => void complaints.push(message);
  const made = new RedisRecordedRequests({ redis, subscriber, names, onBadMessage });
  await made.start();
  return made;
}

beforeAll(async () => {
  server = await startRedis();
  connections = new RedisConnections({ url: server.url, name: 'test' });
  redis = connections.failFast('commands');
  await connections.ready();
  complaints = [];
});
afterAll(async () => {
  connections.close();
  await server.stop();
});

it('keeps the latest of a model, oldest first, tells every gateway, and forgets them in the end', async () => {
  const [here, there] = [await gateway(), await gateway()];
  const heard: RecordedRequest[] = [];
  const stop = there.listen((one) => heard.push(one));
  for (const count of [1, 2, 3]) await here.add(record(count), 2);
  await eventually(() => heard.length === 3);
  expect(heard[0]).toEqual(record(1));
  stop();
  expect((await there.of(ID)).map(({ timestamp }) => timestamp)).toEqual([2, 3]);
  expect(await there.of(`sha256:${'b'.repeat(64)}`)).toEqual([]);
  expect(await redis.pttl(names.recordedRequestsKey(ID))).toBeGreaterThan(0);
});

it('leaves out what cannot be read, and only says so when Redis is away', async () => {
  const here = await gateway();
  await redis.lpush(names.recordedRequestsKey(ID), '{"version":1}');
  expect((await here.of(ID)).map(({ timestamp }) => timestamp)).toEqual([2, 3]);
  expect(complaints).toHaveLength(1);
  await server.stop();
  await here.add(record(4), 2);
  expect(await here.of(ID)).toEqual([]);
  expect(complaints.length).toBeGreaterThan(1);
});
