import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually, type RedisFixture, startRedis } from '#testing';
import type { HolderEvent } from './__fixtures__/holder.js';
import { QUEUE, QueueBench } from './__fixtures__/queue-bench.js';
import type { Holder } from './__fixtures__/start-holder.js';

/** Longer than a lock lives and than it takes to look for abandoned jobs; ms. */
const LONGER_THAN_A_LOCK = 2_500;

let server: RedisFixture;
let bench: QueueBench;

/** Each test starts processes, which takes seconds on a busy machine. */
vi.setConfig({ testTimeout: 90_000 });

beforeAll(async () => {
  server = await startRedis({ appendOnly: true });
});
afterAll(() => server.stop());
beforeEach(async () => {
  bench = new QueueBench(server.url);
  await bench.connections.ready();
});
afterEach(() => bench.close());

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const kinds = ({ events }: Holder): HolderEvent['kind'][] => events.map(({ kind }) => kind);
const hears = (holder: Holder, kind: HolderEvent['kind']): Promise<unknown> =>
  eventually(
    () => kinds(holder),
    (heard) => heard.includes(kind),
  );
const gone = (id: string): Promise<unknown> =>
  eventually(
    () => bench.jobs.has(QUEUE, id),
    (there) => !there,
  );

/** A consumer in this process that notes what it is given. */
function taker(): string[] {
  const taken: string[] = [];
  bench.pump(async ({ id, attempt, failures }) => void taken.push(`${id} ${attempt} ${failures}`), {
    slots: 9,
  });
  return taken;
}

describe('a holder that is killed', () => {
  it('leaves its jobs to another consumer, as their second attempt and with one failure', async () => {
    const holder = await bench.holder(3);
    await bench.add('r1', 'r2', 'r3');
    await eventually(
      () => kinds(holder).length,
      (count) => count === 4,
    );
    const taken = taker();
    await holder.kill();
    await eventually(
      () => taken.length,
      (count) => count === 3,
    );
    expect(taken.toSorted()).toEqual(['r1 2 1', 'r2 2 1', 'r3 2 1']);
    await gone('r3');
  });

  it('is followed also when it was one of many and all look for its jobs at once', async () => {
    const holders = await Promise.all([bench.holder(), bench.holder()]);
    await bench.add('r1', 'r2');
    await Promise.all(holders.map((holder) => hears(holder, 'begun')));
    const taken = taker();
    await holders[0]?.kill();
    await eventually(() => taken.length);
    await pause(1_000);
    expect(taken).toHaveLength(1);
    expect(taken[0]).toMatch(/^r\d 2 1$/);
    expect(holders.slice(1).flatMap((holder) => kinds(holder))).not.toContain('lost');
  });
});

describe('a holder that was stopped', () => {
  it('learns when it wakes up that another has the job, and leaves it alone', async () => {
    const holder = await bench.holder();
    await bench.add('r1');
    await hears(holder, 'begun');
    holder.signal('SIGSTOP');
    const other = await bench.holder();
    await hears(other, 'begun');
    holder.signal('SIGCONT');
    await hears(holder, 'lost');
    expect(await bench.jobs.has(QUEUE, 'r1')).toBe(true);
    other.tell('finish');
    await gone('r1');
    expect(other.events.at(-1)).toEqual({ kind: 'begun', id: 'r1', attempt: 2 });
  });

  it('goes on with the job when nobody began it meanwhile, and finishes it', async () => {
    const holder = await bench.holder();
    await bench.add('r1');
    await hears(holder, 'begun');
    holder.signal('SIGSTOP');
    const full = bench.pump(() => new Promise(() => undefined).then(() => undefined), { slots: 0 });
    // Given back to the queue by the consumer that has no slot for it.
    await eventually(() => bench.redis.llen(bench.key('wait')));
    holder.signal('SIGCONT');
    await eventually(() => bench.redis.exists(bench.key('r1:lock')));
    expect(await bench.redis.llen(bench.key('wait'))).toBe(0);
    expect(await bench.redis.hget(bench.key('r1'), 'stc')).toBe('0');
    holder.tell('finish');
    await gone('r1');
    expect(kinds(holder)).toEqual(['ready', 'begun']);
    expect(full.busy).toBe(0);
  });
});

describe('a holder whose Redis was away', () => {
  /** What the holder heard while Redis was away and after. */
  const heardOver = async (outage: () => Promise<void>): Promise<string[]> => {
    const holder = await bench.holder();
    await bench.add('r1');
    await hears(holder, 'begun');
    const taken = taker();
    await pause(2_100);
    await outage();
    await eventually(() => bench.redis.exists(bench.key('r1:lock')));
    await pause(LONGER_THAN_A_LOCK);
    expect(taken).toEqual([]);
    expect(await bench.redis.hget(bench.key('r1'), 'ats')).toBe('1');
    holder.tell('finish');
    await gone('r1');
    await bench.add('r2');
    await eventually(() => taken.length);
    return kinds(holder);
  };

  it('goes on with its job when Redis was killed and came back after the lock ran out', async () => {
    const heard = await heardOver(async () => {
      // The append-only file is written to the disk once a second.
      await pause(1_100);
      await server.kill();
      await pause(LONGER_THAN_A_LOCK);
      await server.restart();
    });
    expect(heard).toEqual(['ready', 'begun']);
  });

  it.each([1_300, LONGER_THAN_A_LOCK])(
    'goes on with its job when Redis stood still for %i ms',
    async (ms) => {
      const heard = await heardOver(async () => {
        process.kill(server.pid, 'SIGSTOP');
        await pause(ms);
        process.kill(server.pid, 'SIGCONT');
      });
      expect(heard).toEqual(['ready', 'begun']);
    },
  );

  it('goes on with its job when Redis came back without what happened last', async () => {
    const holder = await bench.holder();
    await bench.add('r1');
    await hears(holder, 'begun');
    await bench.redis
      .multi()
      .del(bench.key('active'), bench.key('r1:lock'))
      .hdel(bench.key('r1'), 'ats', 'processedOn')
      .zadd(bench.key('prioritized'), 1, 'r1')
      .exec();
    await eventually(() => bench.redis.exists(bench.key('r1:lock')));
    expect(await bench.redis.hget(bench.key('r1'), 'ats')).toBe('1');
    expect(await bench.waiting()).toBe(0);
    holder.tell('finish');
    await gone('r1');
  });

  it('has no double under the same number when another takes the job that Redis came back with', async () => {
    const holder = await bench.holder();
    await bench.add('r1');
    await hears(holder, 'begun');
    holder.signal('SIGSTOP');
    await bench.redis
      .multi()
      .del(bench.key('active'), bench.key('r1:lock'))
      .hdel(bench.key('r1'), 'ats', 'processedOn')
      .exec();
    const taken = taker();
    await server.kill();
    await server.restart();
    await bench.connections.ready();
    await eventually(() => bench.redis.zadd(bench.key('prioritized'), 1, 'r1'));
    await bench.redis.zadd(bench.key('marker'), 0, '0');
    await eventually(() => taken.length);
    expect(taken).toEqual(['r1 2 0']);
  });

  it('makes its job anew when Redis came back without it, so that it is not lost with its holder', async () => {
    const holder = await bench.holder();
    await bench.add('r1');
    await hears(holder, 'begun');
    const before = await bench.redis.hgetall(bench.key('r1'));
    await bench.redis.flushall();
    await eventually(() => bench.jobs.has(QUEUE, 'r1'));
    const { processedOn: _, ...fields } = before;
    expect(await bench.redis.hgetall(bench.key('r1'))).toEqual({
      ...fields,
      stc: '0',
      opts: expect.any(String),
    });
    await bench.add('r1');
    expect(await bench.waiting()).toBe(0);
    const taken = taker();
    await holder.kill();
    await eventually(() => taken.length);
    expect(taken).toEqual(['r1 2 1']);
  });
});
