import { Queue, Worker } from 'bullmq';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { Names, type PullEvent, type PullOutcome, pullQueue } from '#contracts';
import { RedisConnections, type RedisClient } from '#redis';
import { eventually, startRedis, type RedisFixture } from '#testing';
import { bullLocation } from './bull-queue.js';
import { QueuePulls } from './pulls.js';

const REFERENCE = 'docker.io/ai/one:latest';
const names = new Names('pulls-test');
const complaints: Error[] = [];
/** References whose pull workers were told to stop. */
const told: string[] = [];
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
  pulls = new QueuePulls({
    chooseQueue: () => queue,
    queues: [queue],
    redis,
    tellToCancel: async (reference) => told.push(reference),
    names,
    subscriber,
    onBadMessage,
  });
  await pulls.start();
});
afterAll(async () => {
  await queue.close();
  connections.close();
  await server.stop();
});

afterEach(async () => {
  await queue.obliterate({ force: true });
  told.length = 0;
});

/** Follows a pull to its end. */
function follow(reference: string): { readonly events: PullEvent[]; readonly over: Promise<void> } {
  const events: PullEvent[] = [];
  const over = (async () => {
    for await (const event of pulls.follow({ version: 1, reference }, new AbortController().signal))
      events.push(event);
  })();
  return { events, over };
}

const waiting = (count: number) =>
  eventually(
    () => queue.getJobCountByTypes('waiting'),
    (seen) => seen === count,
  );

it('tells those who wait how many pulls come first', async () => {
  const first = follow('docker.io/ai/a:latest');
  await waiting(1);
  const second = follow('docker.io/ai/b:latest');
  await eventually(
    () => second.events.at(0),
    (event) => event !== undefined,
  );
  expect(first.events.at(0)?.line).toMatchObject({ type: 'progress', message: 'Waiting for a worker' });
  expect(second.events.at(0)?.line?.message).toBe('Waiting for a worker; 1 pull comes first');
  await pulls.cancel('docker.io/ai/a:latest');
  await pulls.cancel('docker.io/ai/b:latest');
  await Promise.all([first.over, second.over]);
});

it('takes a cancelled pull out of the queue, and tells everybody who follows it', async () => {
  const followers = [follow(REFERENCE), follow(REFERENCE)];
  await waiting(1);
  expect(await pulls.cancel(REFERENCE)).toBe(true);
  await Promise.all(followers.map(({ over }) => over));
  const outcome = { ok: false, failure: 'failed', message: 'the pull was cancelled' };
  for (const { events } of followers) expect(events.at(-1)).toMatchObject({ outcome });
  expect(told).toEqual([]);
  expect(await queue.getJobCountByTypes('waiting')).toBe(0);
  expect(await pulls.cancel(REFERENCE)).toBe(false);
});

it('tells workers to stop a pull that runs until it has ended', async () => {
  const { name, opts } = queue;
  const outcome = { ok: false, failure: 'failed', message: 'the pull was cancelled' } as const;
  const run = async (): Promise<PullOutcome> => {
    await eventually(() => told.length >= 2);
    return outcome;
  };
  const worker = new Worker(name, run, {
    connection: connections.patient('worker'),
    prefix: opts.prefix ?? '',
  });
  try {
    const { events, over } = follow(REFERENCE);
    await eventually(async () => (await queue.getJobCountByTypes('active')) === 1);
    expect(await pulls.cancel(REFERENCE)).toBe(true);
    await over;
    expect(events.at(-1)).toMatchObject({ outcome });
    expect(new Set(told)).toEqual(new Set([REFERENCE]));
  } finally {
    await worker.close();
  }
});

it('ends every pull there is, in whatever queue it waits', async () => {
  const other = 'docker.io/ai/other:latest';
  const followed = [follow(REFERENCE), follow(other)];
  await eventually(async () => (await queue.getJobCountByTypes('waiting')) === 2);
  await pulls.cancelAll();
  await Promise.all(followed.map(({ over }) => over));
  const message = 'the pull was cancelled';
  for (const { events } of followed) expect(events.at(-1)).toMatchObject({ outcome: { ok: false, message } });
  expect(await queue.getJobCountByTypes('waiting')).toBe(0);
});

it('gives a pull that Redis has forgotten to the queue once more, and follows it to its end', async () => {
  const { events, over } = follow(REFERENCE);
  await eventually(async () => (await queue.getJobCountByTypes('waiting')) === 1);
  await redis.flushall();
  await eventually(async () => (await queue.getJobCountByTypes('waiting')) === 1, Boolean, {
    within: 15_000,
  });
  expect(await pulls.cancel(REFERENCE)).toBe(true);
  await over;
  expect(events.at(-1)).toMatchObject({ outcome: { ok: false } });
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
