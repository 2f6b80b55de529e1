import { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually, type RedisFixture, startRedis } from '#testing';
import { jobOf, QUEUE, QueueBench } from './__fixtures__/queue-bench.js';
import { returnAbandoned } from './abandoned-jobs.js';
import { bullLocation } from './bull-queue.js';
import { runScript } from './run-script.js';
import { commandsOf } from './slim-backend/__fixtures__/count-commands.js';
import { slimBackend } from './slim-backend/slim-backend.js';

let server: RedisFixture;
let bench: QueueBench;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  bench = new QueueBench(server.url);
  await bench.connections.ready();
});
afterEach(() => bench.close());

const add = async (id: string, admission?: { priority?: number; limit?: number; begun?: number }) =>
  (await bench.jobs.addCompletion(QUEUE, jobOf(id), admission)).ahead;

describe('a job that is added', () => {
  it('lies in Redis as BullMQ would have put it there', async () => {
    const job = jobOf('r1');
    await bench.jobs.addCompletion(QUEUE, job, { priority: 7 });
    const ours = await bench.redis.hgetall(bench.key('r1'));
    await bench.redis.flushall();
    const { name, prefix } = bullLocation(QUEUE, bench.names);
    const queue = new Queue(name, { connection: bench.redis, prefix }, slimBackend({}));
    const forgotten = { attempts: 1, removeOnComplete: true, removeOnFail: true };
    await queue.add('completion', job, { jobId: 'r1', priority: 7, ...forgotten });
    const theirs = await bench.redis.hgetall(bench.key('r1'));
    await queue.close();
    const parsed = (hash: Record<string, string>) => ({
      ...hash,
      timestamp: '',
      opts: JSON.parse(hash['opts'] ?? '') as unknown,
    });
    expect(parsed(ours)).toEqual(parsed(theirs));
  });

  it('is told how many jobs are ahead of it, by priority and then by time', async () => {
    expect([await add('r1'), await add('r2'), await add('low', { priority: 20 })]).toEqual([0, 1, 2]);
    expect(await add('high', { priority: 1 })).toBe(0);
    expect(await add('r3')).toBe(3);
    expect(await bench.jobs.positions(QUEUE, ['high', 'r1', 'r2', 'r3', 'low'])).toEqual([0, 1, 2, 3, 4]);
  });

  it('is refused when as many wait as may, and leaves no trace', async () => {
    for (const id of ['r1', 'r2']) await add(id, { limit: 2 });
    await expect(add('r3', { limit: 2 })).rejects.toMatchObject({ code: 'queue_full' });
    expect(await bench.jobs.has(QUEUE, 'r3')).toBe(false);
    expect(await bench.waiting()).toBe(2);
    await bench.jobs.removeCompletion(QUEUE, 'r1');
    expect(await add('r3', { limit: 2 })).toBe(1);
  });

  it('counts as added when it is there already, however many wait', async () => {
    expect([await add('r1'), await add('r2')]).toEqual([0, 1]);
    expect(await add('r2', { limit: 1, priority: 1 })).toBe(1);
    expect(await bench.waiting()).toBe(2);
    const begun: string[] = [];
    let added = (): void => undefined;
    const again = new Promise<void>((resolve) => (added = resolve));
    bench.pump(async ({ id }) => {
      begun.push(id);
      await again;
    });
    await eventually(() => begun.length);
    expect(await add('r1', { limit: 1 })).toBe(0);
    added();
    await eventually(
      () => bench.jobs.unfinished(QUEUE),
      (left) => left === 0,
    );
    expect(begun).toEqual(['r1', 'r2']);
  });

  it('is let in exactly as often as the limit says when many come at once', async () => {
    const ids = Array.from({ length: 60 }, (_, index) => `r${index}`);
    const outcomes = await Promise.allSettled(ids.map((id) => add(id, { limit: 10 })));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    expect(await bench.waiting()).toBe(10);
  });

  it('gets an attempt that is later than those known to have begun', async () => {
    const attempts: number[] = [];
    await add('r1', { begun: 2 });
    bench.pump(async ({ attempt }) => void attempts.push(attempt));
    await eventually(() => attempts.length);
    expect(attempts).toEqual([3]);
  });
});

describe('jobs that wait', () => {
  it('have positions in one round trip: jobs that came back first, and none for jobs that do not wait', async () => {
    for (const id of ['r1', 'r2', 'r3']) await add(id);
    await bench.redis.zrem(bench.key('prioritized'), 'r2', 'r3');
    await bench.redis.rpush(bench.key('wait'), 'r3', 'r2');
    expect(await bench.jobs.positions(QUEUE, ['r1', 'r2', 'r3', 'r4'])).toEqual([2, 0, 1, undefined]);
    const ids = Array.from({ length: 50 }, (_, index) => `r${index}`);
    const asked = await commandsOf(bench.redis, () => bench.jobs.positions(QUEUE, ids));
    expect(asked).toEqual({ llen: 1, lrange: 1, zrank: 50 });
  });

  it('are there until they are done or taken out', async () => {
    await add('r1');
    expect(await bench.jobs.has(QUEUE, 'r1')).toBe(true);
    expect(await bench.jobs.has(QUEUE, 'r2')).toBe(false);
    expect(await bench.jobs.removeCompletion(QUEUE, 'r1')).toBe(true);
    expect(await bench.jobs.removeCompletion(QUEUE, 'r1')).toBe(false);
    expect(await bench.jobs.has(QUEUE, 'r1')).toBe(false);
    expect(await bench.redis.exists(bench.key('prioritized'))).toBe(0);
  });
});

describe('the look for abandoned jobs', () => {
  it('gives back thousands, each once, however many look at once', async () => {
    const ids = Array.from({ length: 2_500 }, (_, index) => `r${index}`);
    const seed = bench.redis.pipeline();
    for (const id of ids) seed.hset(bench.key(id), 'data', '{}', 'ats', '1').lpush(bench.key('active'), id);
    seed.lpush(bench.key('active'), 'forgotten');
    await seed.exec();
    // Nobody looked before, so holders get their time first.
    const timing = { lockDuration: 300, lookInterval: 50, settleTime: 0 };
    for (let pumps = 0; pumps < 4; pumps++) bench.pump(() => Promise.resolve(), { slots: 0, timing });
    await eventually(
      () => bench.redis.llen(bench.key('active')),
      (left) => left === 0,
    );
    const back = await bench.redis.lrange(bench.key('wait'), 0, -1);
    expect(back).toHaveLength(ids.length);
    expect(new Set(back)).toEqual(new Set(ids));
    const counts = await Promise.all(ids.slice(0, 20).map((id) => bench.redis.hget(bench.key(id), 'stc')));
    expect(new Set(counts)).toEqual(new Set(['1']));
    expect(bench.errors).toEqual([]);
  });

  it('gives holders time to renew their locks when nobody looked lately, as after Redis stood still', async () => {
    const look = (): Promise<void> =>
      returnAbandoned((script, values) => runScript(bench.redis, bench.key(), script, values), {
        recent: 60_000,
        grace: 30_000,
      });
    await bench.redis.hset(bench.key('r1'), 'data', '{}', 'ats', '1');
    await bench.redis.lpush(bench.key('active'), 'r1');
    for (let looks = 0; looks < 3; looks++) await look();
    expect(await bench.redis.lrange(bench.key('active'), 0, -1)).toEqual(['r1']);
    const until = Number(await bench.redis.get(bench.key('looked')));
    expect(until).toBeGreaterThan(Date.now() + 20_000);
    expect(until).toBeLessThan(Date.now() + 30_001);
    // That time is over.
    await bench.redis.set(bench.key('looked'), 1);
    await look();
    expect(await bench.redis.lrange(bench.key('wait'), 0, -1)).toEqual(['r1']);
  });

  it('wakes a consumer when the one that was woken has died', async () => {
    const seen: string[] = [];
    bench.pump(async ({ id }) => void seen.push(id), { timing: { blockTimeout: 30_000, settleTime: 0 } });
    await add('r1');
    await eventually(() => seen.length);
    // The wake-up of this job is gone before any consumer gets it.
    const multi = bench.redis.multi().hset(bench.key('r2'), 'name', 'completion', 'data', '{}', 'opts', '{}');
    await multi.zadd(bench.key('prioritized'), 1, 'r2').exec();
    await eventually(() => seen.length > 1);
    expect(seen).toEqual(['r1', 'r2']);
  });
});
