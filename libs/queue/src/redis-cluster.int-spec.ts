import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type RedisClusterFixture, startRedisCluster } from '#testing';
import { jobOf, QUEUE, QueueBench } from './__fixtures__/queue-bench.js';
import { HandBack } from './index.js';

describe('completion queues in a Redis Cluster', () => {
  let server: RedisClusterFixture;
  let bench: QueueBench;

  beforeAll(async () => {
    server = await startRedisCluster();
    bench = new QueueBench(server.url);
    await bench.connections.ready();
  });
  afterAll(async () => {
    await bench.close();
    await server.stop();
  });

  it('admit, place, remove, hand back, renew, take back, restore and finish jobs within one slot', async () => {
    await bench.jobs.addCompletion(QUEUE, jobOf('r1'), { limit: 3, priority: 1 });
    await bench.add('r2', 'r3');
    await expect(bench.jobs.addCompletion(QUEUE, jobOf('r4'), { limit: 3 })).rejects.toMatchObject({
      code: 'queue_full',
    });
    expect(await bench.jobs.positions(QUEUE, ['r1', 'r3'])).toEqual([0, 2]);
    expect(await bench.jobs.removeCompletion(QUEUE, 'r3')).toBe(true);
    const seen: string[] = [];
    let lost = 0;
    const pump = bench.pump(
      async (job) => {
        job.onLockLost = () => lost++;
        seen.push(`${job.id} ${job.attempt}`);
        if (seen.length === 1) throw new HandBack({ blame: true });
        if (seen.length > 2) return;
        await bench.redis.del(bench.key('r1:lock'));
        await eventually(() => bench.redis.exists(bench.key('r1:lock')));
        await bench.redis.del(bench.key('r1:lock'), bench.key('r1'));
        await eventually(() => bench.redis.exists(bench.key('r1:lock')));
      },
      { timing: { settleTime: 0 } },
    );
    await eventually(
      () => bench.jobs.unfinished(QUEUE),
      (left) => left === 0,
    );
    await pump.stop();
    expect(seen).toEqual(['r1 1', 'r1 2', 'r2 1']);
    expect(lost).toBe(0);
    expect(bench.errors).toEqual([]);
  });

  it('wake the worker that a job prefers, and another where there is no such worker', async () => {
    const taken: string[] = [];
    const pumps = ['w1', 'w2'].map((workerId) =>
      bench.pump(async ({ id }) => void taken.push(`${id} ${workerId}`), { workerId }),
    );
    const prefer = (id: string, workerId: string) =>
      bench.jobs.addCompletion(QUEUE, jobOf(id), { preference: { workerId, waits: true, grace: 1_000 } });
    for (const workerId of ['w1', 'w2', 'w1', 'w2']) {
      const before = taken.length;
      await prefer(`r${before}`, workerId);
      await eventually(() => taken.length > before);
    }
    expect(taken).toEqual(['r0 w1', 'r1 w2', 'r2 w1', 'r3 w2']);
    await prefer('r4', 'nobody');
    await eventually(() => taken.length > 4);
    await Promise.all(pumps.map((pump) => pump.stop()));
  });

  it('give the job of a holder that was killed to another', async () => {
    const holder = await bench.holder();
    await bench.add('r9');
    await eventually(
      () => holder.events.length,
      (count) => count === 2,
    );
    const seen: string[] = [];
    bench.pump(async ({ id, attempt }) => void seen.push(`${id} ${attempt}`));
    await holder.kill();
    await eventually(() => seen.length);
    expect(seen).toEqual(['r9 2']);
  });
});
