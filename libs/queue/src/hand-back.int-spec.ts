import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually, type RedisFixture, startRedis } from '#testing';
import { jobOf, QUEUE, QueueBench } from './__fixtures__/queue-bench.js';
import { HandBack, type PumpedJob } from './index.js';

/** Longer than any test waits: a consumer that goes on was woken. */
const NEVER_BY_ITSELF = 30_000;

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

/** Hands every job back until the job is given up or this one says no. */
function handsBack(blame: boolean, again: (job: PumpedJob) => boolean = () => true): PumpedJob[] {
  const seen: PumpedJob[] = [];
  bench.pump(
    async (job) => {
      seen.push(job);
      if (job.givenUp === undefined && again(job)) throw new HandBack({ blame });
    },
    { timing: { blockTimeout: NEVER_BY_ITSELF } },
  );
  return seen;
}
const gone = (id: string): Promise<unknown> =>
  eventually(
    () => bench.jobs.has(QUEUE, id),
    (there) => !there,
  );

describe('a job that is handed back', () => {
  it('is the next one to be taken, before jobs that are more urgent', async () => {
    await bench.jobs.addCompletion(QUEUE, jobOf('back'), { priority: 20 });
    const order: string[] = [];
    bench.pump(async ({ id, attempt }) => {
      order.push(`${id} ${attempt}`);
      if (order.length > 1) return;
      await bench.jobs.addCompletion(QUEUE, jobOf('urgent'), { priority: 1 });
      throw new HandBack();
    });
    await eventually(
      () => order.length,
      (count) => count === 3,
    );
    expect(order).toEqual(['back 1', 'back 2', 'urgent 1']);
  });

  it('is never given up when it is not to blame, and counts no failure', async () => {
    const seen = handsBack(false, ({ attempt }) => attempt < 50);
    await bench.add('r1');
    await gone('r1');
    expect(seen.map(({ attempt }) => attempt)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(new Set(seen.map(({ failures, givenUp }) => `${failures} ${givenUp}`))).toEqual(
      new Set(['0 undefined']),
    );
  });

  it('is given up when three engines died with it, and says so', async () => {
    const seen = handsBack(true);
    await bench.add('r1');
    await gone('r1');
    expect(seen.map(({ attempt, failures, givenUp }) => [attempt, failures, givenUp])).toEqual([
      [1, 0, undefined],
      [2, 1, undefined],
      [3, 2, undefined],
      [4, 3, 'it ended 3 workers or engines'],
    ]);
  });

  it('is given up also when workers and engines died with it by turns', async () => {
    const holder = await bench.holder();
    await bench.add('r1');
    await eventually(() => bench.redis.exists(bench.key('r1:lock')));
    holder.tell('blame');
    await eventually(
      () => bench.redis.hget(bench.key('r1'), 'ats'),
      (starts) => starts === '2',
    );
    await holder.kill();
    const seen = handsBack(true);
    await gone('r1');
    expect(seen.map(({ failures, givenUp }) => [failures, givenUp])).toEqual([
      [2, undefined],
      [3, 'it ended 3 workers or engines'],
    ]);
  });

  it('is given up when it was begun very often, and then cannot be handed back any more', async () => {
    const seen: PumpedJob[] = [];
    bench.pump(async (job) => {
      seen.push(job);
      throw new HandBack();
    });
    await bench.jobs.addCompletion(QUEUE, jobOf('r1'), { begun: 999 });
    await gone('r1');
    expect(seen.map(({ attempt, givenUp }) => [attempt, givenUp])).toEqual([
      [1_000, undefined],
      [1_001, 'it was begun 1000 times'],
    ]);
  });

  it('stays where it is when another consumer has it by now', async () => {
    const seen: string[] = [];
    bench.pump(async (job) => {
      seen.push(`${job.id} ${job.attempt}`);
      await bench.redis.set(bench.key('r1:lock'), 'another');
      throw new HandBack({ blame: true });
    });
    await bench.add('r1');
    await eventually(
      () => bench.redis.get(bench.key('r1:lock')),
      (lock) => lock === 'another',
    );
    await bench.add('r2');
    await eventually(
      () => seen.length,
      (count) => count >= 2,
    );
    expect(await bench.redis.lrange(bench.key('active'), 0, -1)).toContain('r1');
    expect(await bench.redis.hget(bench.key('r1'), 'blm')).toBeNull();
  });

  it('goes back also when Redis has forgotten it', async () => {
    const attempts: number[] = [];
    bench.pump(async ({ attempt }) => {
      attempts.push(attempt);
      if (attempt > 1) return;
      await bench.redis.flushall();
      throw new HandBack();
    });
    await bench.add('r1');
    await eventually(
      () => attempts.length,
      (count) => count === 2,
    );
    expect(attempts).toEqual([1, 2]);
  });
});
