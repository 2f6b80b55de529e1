import { Queue } from 'bullmq';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Names, type PullEvent, pullQueue } from '#contracts';
import { RedisConnections, type RedisClient } from '#redis';
import { eventually, startRedis, type RedisFixture } from '#testing';
import { bullLocation } from './bull-queue.js';
import { QueuePulls } from './pulls.js';

const REFERENCE = 'docker.io/ai/one:latest';
const names = new Names('pulls-test');
const complaints: Error[] = [];
let server: RedisFixture;
let connections: RedisConnections;
let redis: RedisClient;
let queue: Queue;
let pulls: QueuePulls;

beforeAll(async () => {
  server = await startRedis();
  connections = new RedisConnections({ url: server.url, name: 'test' });
  redis = connections.failFast('commands');
  const subscriber = connections.subscriber('news');
  await connections.ready();
  const { name, prefix } = bullLocation(pullQueue('cpu'), names);
  queue = new Queue(name, { connection: redis, prefix });
  const onBadMessage = (error: Error): void => void complaints.push(error);
  pulls = new QueuePulls({ chooseQueue: () => queue, names, subscriber, onBadMessage });
  await pulls.start();
});
afterAll(async () => {
  await queue.close();
  connections.close();
  await server.stop();
});

it('shrugs off events that cannot be read, and follows the pull to its end', async () => {
  const of = (event: object): string => JSON.stringify({ version: 1, reference: REFERENCE, ...event });
  const garbage = [
    '',
    '{',
    'null',
    '{"version":9}',
    of({ line: 'x' }),
    of({ line: {} }),
    of({ line: { type: 'progress', message: 'm', total: 0, layer: null, mode: 'pull' } }),
    of({ outcome: 5 }),
    of({ outcome: { ok: false, failure: '__proto__', message: 'm' } }),
    of({ outcome: { ok: true, modelId: 'x', message: 'm' } }),
  ];
  const events: PullEvent[] = [];
  const following = (async () => {
    const job = { version: 1, reference: REFERENCE };
    for await (const event of pulls.follow(job, new AbortController().signal)) events.push(event);
  })();
  await eventually(
    () => queue.getJobCountByTypes('waiting'),
    (waiting) => waiting === 1,
  );
  for (const message of garbage) await redis.publish(names.pullsChannel(), message);
  const outcome = { ok: false, failure: 'not-found', message: 'Model not found' } as const;
  await redis.publish(names.pullsChannel(), of({ outcome }));
  await following;
  expect(events).toMatchObject([{ reference: REFERENCE, outcome }]);
  expect(complaints).toHaveLength(garbage.length);
});
