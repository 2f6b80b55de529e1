import { Job, type JobJson, Queue, type QueueOptions, Worker, type WorkerOptions } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Names } from '#contracts';
import { type RedisClient, RedisConnections } from '#redis';
import { eventually, type RedisFixture, startRedis } from '#testing';
import { HandBack, type PumpedJob, QueuePump } from '../index.js';
import { commandsOf, sum } from './__fixtures__/count-commands.js';
import { slimBackend } from './slim-backend.js';

const QUEUE = 'completion.cpu.test.completion';
const PLAIN = { attempts: 1, removeOnComplete: true, removeOnFail: true } as const;
/** Longer than any test waits: a consumer that goes on was woken. */
const NEVER_BY_ITSELF = 30_000;

type Kind = 'stock' | 'slim';

let server: RedisFixture;
let connections: RedisConnections;
let redis: RedisClient;
let names: Names;
let closing: (() => Promise<unknown>)[];
let run = 0;

beforeAll(async () => {
  server = await startRedis({ appendOnly: true });
});
afterAll(() => server.stop());
beforeEach(async () => {
  names = new Names(`slim-test-${run++}`);
  closing = [];
  connections = new RedisConnections({ url: server.url, name: 'test' });
  redis = connections.patient('commands');
  await connections.ready();
});
afterEach(async () => {
  // What a connection says while Redis is away is no fault of the pump.
  const faults = pumpErrors.splice(0).filter((message) => !/ECONN|[Cc]onnection/.test(message));
  await Promise.all(closing.map((close) => close()));
  connections.close();
  if (faults.length > 0) throw new Error(`A pump complained: ${faults.join('; ')}`);
});

const base = (name = QUEUE): string => `${names.namespace}:{${name}}:`;

async function queueOf(kind: Kind, name = QUEUE): Promise<Queue> {
  const options: QueueOptions = {
    connection: redis,
    prefix: names.namespace,
    streams: { events: { maxLen: 1 } },
  };
  const queue =
    kind === 'slim' ? new Queue(`{${name}}`, options, slimBackend({})) : new Queue(`{${name}}`, options);
  closing.push(() => queue.close());
  await queue.waitUntilReady();
  return queue;
}

function workerOf(kind: Kind, extra: Partial<WorkerOptions> = {}, name = QUEUE): Worker {
  const options: WorkerOptions = {
    connection: redis,
    prefix: names.namespace,
    autorun: false,
    removeOnComplete: { count: 0 },
    ...extra,
  };
  const worker =
    kind === 'slim'
      ? new Worker(`{${name}}`, undefined, options, slimBackend({}))
      : new Worker(`{${name}}`, undefined, options);
  closing.push(() => worker.close(true));
  return worker;
}

/** What pumps complained of in a test. */
const pumpErrors: string[] = [];

function pump(workerId: string, runJob: (job: PumpedJob) => Promise<void>): QueuePump {
  const made = new QueuePump({
    queue: QUEUE,
    names,
    redis,
    workerId,
    slots: 2,
    run: runJob,
    onError: (error) => pumpErrors.push(error.message),
    timing: { blockTimeout: NEVER_BY_ITSELF },
  });
  closing.push(() => made.stop());
  made.start();
  return made;
}

const add = async (queue: Queue, jobId: string, priority = 10): Promise<Job> =>
  queue.add('completion', { text: 'grüße' }, { ...PLAIN, jobId, priority });

const take = async (worker: Worker, token = 'token'): Promise<Job | undefined> =>
  worker.getNextJob(token, { block: false });

async function takeAll(worker: Worker): Promise<string[]> {
  const ids: string[] = [];
  for (let job = await take(worker); job !== undefined; job = await take(worker)) {
    ids.push(job.id ?? '');
    await job.moveToCompleted('', 'token', false);
  }
  return ids;
}

async function keysLeft(): Promise<string[]> {
  const keys = await redis.keys(`${names.namespace}:*`);
  return keys.map((key) => key.slice(base().length)).sort();
}

/** A job as it lies in Redis: the order of its options does not matter. */
async function hashOf(id: string, name: string): Promise<Record<string, unknown>> {
  const hash = await redis.hgetall(`${base(name)}${id}`);
  return { ...hash, opts: JSON.parse(hash['opts'] ?? '{}') as unknown };
}

describe('what the slim backend leaves in Redis', () => {
  it('is what the stock backend leaves, when a job is added and when it is taken', async () => {
    const [stock, slim] = [await queueOf('stock', 'stock'), await queueOf('slim', 'slim')];
    const options = { ...PLAIN, jobId: 'r1', priority: 7, removeOnFail: { count: 3 } };
    for (const queue of [stock, slim]) {
      const { name, opts } = await queue.add('completion', { text: '"grüße"\n' }, options);
      expect([name, opts.priority]).toEqual(['completion', 7]);
    }
    const without = (hash: Record<string, unknown>) => ({ ...hash, timestamp: '', processedOn: '' });
    const added = await hashOf('r1', 'slim');
    expect(without(added)).toEqual(without(await hashOf('r1', 'stock')));
    expect(Math.abs(Number(added['timestamp']) - Date.now())).toBeLessThan(60_000);
    for (const key of ['prioritized', 'marker']) {
      const zset = await redis.zrange(`${base('stock')}${key}`, '0', '-1', 'WITHSCORES');
      expect(await redis.zrange(`${base('slim')}${key}`, '0', '-1', 'WITHSCORES')).toEqual(zset);
    }
    const [byStock, bySlim] = [
      await take(workerOf('stock', {}, 'stock')),
      await take(workerOf('slim', {}, 'slim')),
    ];
    const taken = await hashOf('r1', 'slim');
    expect(without(taken)).toEqual(without(await hashOf('r1', 'stock')));
    expect(Math.abs(Number(taken['processedOn']) - Date.now())).toBeLessThan(60_000);
    const comparable = (job: Job | undefined) => job && { ...job.asJSON(), timestamp: 0, processedOn: 0 };
    expect(comparable(bySlim)).toEqual(comparable(byStock));
    for (const name of ['stock', 'slim']) {
      expect(await redis.lrange(`${base(name)}active`, 0, -1)).toEqual(['r1']);
      expect(await redis.get(`${base(name)}r1:lock`)).toBe('token');
      expect(await redis.pttl(`${base(name)}r1:lock`)).toBeGreaterThan(10_000);
    }
  });

  it('is only the settings of the queue and the counter of its priorities when all jobs are done', async () => {
    const queue = await queueOf('slim');
    for (let index = 0; index < 50; index++) await add(queue, `r${index}`);
    expect(await takeAll(workerOf('slim'))).toHaveLength(50);
    expect(await keysLeft()).toEqual(['meta', 'pc']);
    expect(await take(workerOf('slim'))).toBeUndefined();
    expect(await keysLeft()).toEqual(['meta']);
  });

  it('costs less than half of the commands', async () => {
    const jobs = 20;
    const cost = async (kind: Kind): Promise<Record<string, number>> => {
      const [queue, worker] = [await queueOf(kind, kind), workerOf(kind, {}, kind)];
      const oneByOne = async (prefix: string): Promise<void> => {
        for (let index = 0; index < jobs; index++) {
          await add(queue, `${prefix}${index}`);
          await (await take(worker))?.moveToCompleted('', 'token', false);
          expect(await take(worker)).toBeUndefined();
        }
      };
      await oneByOne('warm');
      return commandsOf(redis, () => oneByOne('r'));
    };
    const [stock, slim] = [await cost('stock'), await cost('slim')];
    expect(sum(slim) / jobs).toBeLessThan((0.5 * sum(stock)) / jobs);
    expect(sum(slim) / jobs).toBeLessThanOrEqual(20);
    expect(slim['evalsha']).toBe(3 * jobs);
    expect(slim['xadd']).toBeUndefined();
  });
});

describe('the order of jobs', () => {
  it('is by priority, and among equals first come, first served', async () => {
    const queue = await queueOf('slim');
    const added = Array.from({ length: 60 }, (_, index) => ({
      id: `r${index}`,
      priority: 1 + ((index * 7) % 5),
    }));
    for (const { id, priority } of added) await add(queue, id, priority);
    const expected = added.toSorted((one, other) => one.priority - other.priority).map(({ id }) => id);
    expect(await takeAll(workerOf('slim'))).toEqual(expected);
  });

  it('holds also when each job is taken by finishing the one before', async () => {
    const queue = await queueOf('slim');
    for (let index = 0; index < 5; index++) await add(queue, `r${index}`);
    const worker = workerOf('slim');
    const order: unknown[] = [];
    let job = await take(worker);
    while (job !== undefined) {
      order.push(job.id);
      const next: unknown = await job.moveToCompleted('', 'token', true);
      const [json, id] = next as [JobJson, string] | [undefined];
      job = json && Job.fromJSON(worker, json, id);
    }
    expect(order).toEqual(['r0', 'r1', 'r2', 'r3', 'r4']);
    expect(await keysLeft()).toEqual(['meta']);
  });

  it('puts jobs that lost their worker first', async () => {
    const queue = await queueOf('slim');
    await add(queue, 'lost', 9);
    const worker = workerOf('slim', { lockDuration: 50, stalledInterval: 25 });
    await take(worker);
    await add(queue, 'urgent', 1);
    await worker.startStalledCheckTimer();
    await eventually(() => redis.llen(`${base()}wait`));
    const next = await eventually(() => take(worker));
    expect([next?.id, (await take(worker))?.id]).toEqual(['lost', 'urgent']);
  });
});

describe('jobs that lose their worker', () => {
  it('come back with a count of their starts and are given up after too many', async () => {
    await add(await queueOf('slim'), 'r1');
    const worker = workerOf('slim', { lockDuration: 50, stalledInterval: 25, maxStalledCount: 1 });
    await worker.startStalledCheckTimer();
    const starts: unknown[] = [];
    for (let start = 0; start < 3; start++) {
      const job = await eventually(() => take(worker));
      starts.push([job?.attemptsStarted, job?.deferredFailure]);
    }
    expect(starts).toEqual([
      [1, undefined],
      [2, undefined],
      [3, 'job stalled more than allowable limit'],
    ]);
  });

  it('cannot be finished by the worker that lost them, which changes nothing', async () => {
    await add(await queueOf('slim'), 'r1');
    const worker = workerOf('slim');
    const job = await take(worker);
    await expect(job?.moveToCompleted('', 'other', true)).rejects.toThrow('Lock mismatch for job r1');
    await redis.del(`${base()}r1:lock`);
    await redis.hincrby(`${base()}r1`, 'ats', 1);
    await expect(job?.moveToCompleted('', 'token', true)).rejects.toThrow('Missing lock for job r1');
    expect(await redis.exists(`${base()}r1`)).toBe(1);
    expect(await redis.lrange(`${base()}active`, 0, -1)).toEqual(['r1']);
  });

  it('can be finished late by the worker that began them last, wherever they are by then', async () => {
    const queue = await queueOf('slim');
    for (const id of ['r1', 'r2', 'r3']) await add(queue, id);
    const worker = workerOf('slim');
    const jobs = [await take(worker), await take(worker), await take(worker)];
    await redis.del(...['r1', 'r2', 'r3'].map((id) => `${base()}${id}:lock`));
    await redis.lrem(`${base()}active`, 1, 'r2');
    await redis.rpush(`${base()}wait`, 'r2');
    await redis.lrem(`${base()}active`, 1, 'r3');
    await redis.zadd(`${base()}prioritized`, 1, 'r3');
    for (const job of jobs) expect(await job?.moveToCompleted('', 'token', false)).toEqual([]);
    await jobs[0]?.moveToCompleted('', 'token', false);
    expect(await keysLeft()).toEqual(['meta', 'pc']);
  });

  it('can have their locks renewed, or be failed, like any other', async () => {
    const queue = await queueOf('slim');
    const worker = workerOf('slim');
    await add(queue, 'r1');
    const job = await take(worker);
    expect(await worker.extendJobLocks(['r1', 'r2'], ['token', 'token'], 60_000)).toEqual(['r2']);
    expect(await redis.pttl(`${base()}r1:lock`)).toBeGreaterThan(30_000);
    await job?.moveToFailed(new Error('no'), 'token', false);
    expect(await redis.exists(`${base()}r1`, `${base()}r1:lock`, `${base()}active`)).toBe(0);
  });
});

describe('taking jobs out', () => {
  it('works while they wait and not once they are taken', async () => {
    const queue = await queueOf('slim');
    for (const id of ['r1', 'r2', 'r3']) await add(queue, id);
    expect(await queue.remove('r1')).toBe(1);
    const worker = workerOf('slim');
    expect((await take(worker))?.id).toBe('r2');
    expect(await queue.remove('r2')).toBe(0);
    expect(await queue.getJobCounts('active', 'prioritized', 'waiting')).toEqual({
      active: 1,
      prioritized: 1,
      waiting: 0,
    });
    await queue.drain();
    expect(await take(worker)).toBeUndefined();
  });

  it('is not undone by adding the same id twice: the first stays', async () => {
    const queue = await queueOf('slim');
    await add(queue, 'r1', 3);
    await add(queue, 'r1', 1);
    expect((await queue.getJob('r1'))?.priority).toBe(3);
    expect(await takeAll(workerOf('slim'))).toEqual(['r1']);
  });
});

describe('stock and slim on one queue', () => {
  for (const [producer, consumer] of [
    ['stock', 'slim'],
    ['slim', 'stock'],
  ] as const) {
    it(`lets a ${consumer} worker do what a ${producer} queue adds`, async () => {
      const queue = await queueOf(producer);
      for (let index = 0; index < 20; index++) await add(queue, `r${index}`);
      const ids = await takeAll(workerOf(consumer));
      expect(ids).toEqual(Array.from({ length: 20 }, (_, index) => `r${index}`));
      expect(await redis.keys(`${base()}r*`)).toEqual([]);
    });
  }

  it('does every job once when all kinds add and take at the same time', async () => {
    const queues = [await queueOf('stock'), await queueOf('slim')];
    const seen: string[] = [];
    const mixed = (job: { readonly id?: string | undefined }): Promise<void> =>
      Promise.resolve(void seen.push(job.id ?? ''));
    pump('w1', mixed);
    pump('w2', mixed);
    const stock = new Worker(`{${QUEUE}}`, mixed, {
      connection: redis,
      prefix: names.namespace,
      concurrency: 3,
    });
    closing.push(() => stock.close(true));
    for (let burst = 0; burst < 40; burst++) {
      await Promise.all(
        Array.from({ length: 1 + (burst % 7) }, (_, index) =>
          add(queues[(burst + index) % 2] as Queue, `r${burst}-${index}`),
        ),
      );
      // Some bursts meet consumers that are busy, some meet consumers that wait.
      if (burst % 3 === 0) await eventually(() => seen.length > burst);
    }
    const total = Array.from({ length: 40 }, (_, burst) => 1 + (burst % 7)).reduce((a, b) => a + b, 0);
    await eventually(
      () => seen.length,
      (count) => count === total,
    );
    expect(new Set(seen).size).toBe(total);
  });

  it('leaves jobs that need more to the stock scripts', async () => {
    const queue = await queueOf('slim');
    await queue.add('completion', {}, { priority: 1 });
    await queue.add('completion', {}, { jobId: 'plain' });
    await queue.add('completion', {}, { jobId: 'late', delay: 60_000, priority: 1 });
    for (const jobId of ['once', 'again'])
      await queue.add('completion', {}, { jobId, priority: 1, deduplication: { id: 'same' } });
    await queue.add('completion', {}, { jobId: 'kept', priority: 2, removeOnComplete: false });
    expect(await queue.getJobCounts('delayed', 'waiting', 'prioritized')).toEqual({
      delayed: 1,
      waiting: 1,
      prioritized: 3,
    });
    expect(await takeAll(workerOf('slim'))).toEqual(['plain', '1', 'once', 'kept']);
    expect((await queue.getJobs(['completed'])).map(({ id }) => id)).toEqual(['kept']);
    expect(await queue.getDeduplicationJobId('same')).toBeNull();
  });
});

describe('consumers that wait', () => {
  it('are woken by every job, and by a job that is handed back', async () => {
    const queue = await queueOf('slim');
    const tries: string[] = [];
    pump('w1', async (job) => {
      tries.push(`${job.id}.${job.attempt}`);
      if (job.attempt < 3) throw new HandBack();
    });
    for (let index = 0; index < 10; index++) {
      await add(queue, `r${index}`);
      await eventually(
        () => tries,
        (seen) => seen.includes(`r${index}.3`),
      );
    }
    expect(tries).toHaveLength(30);
  });

  it('go on after Redis forgot its scripts, and after it was killed and started again', async () => {
    const queue = await queueOf('slim');
    const seen: string[] = [];
    pump('w1', async (job) => void seen.push(job.id));
    const done = async (id: string): Promise<unknown> => {
      await add(queue, id);
      return eventually(
        () => seen,
        (ids) => ids.includes(id),
      );
    };
    await done('first');
    await redis.script('FLUSH');
    await done('forgotten');
    await server.kill();
    await server.restart();
    await done('restarted');
    expect(seen).toEqual(['first', 'forgotten', 'restarted']);
  });
});
