import { Worker } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually, type RedisFixture, startRedis } from '#testing';
import { jobOf, QUEUE, QueueBench } from './__fixtures__/queue-bench.js';
import { bullLocation } from './bull-queue.js';
import type { QueuePumpOptions } from './index.js';
import { GRACE_MS } from './slim-backend/preference.js';
import { slimBackend } from './slim-backend/slim-backend.js';

/** Nobody looks after the queue and no wait ends by itself while a test lasts: who takes a job was woken for it. */
const UNATTENDED = { lookInterval: 100_000, blockTimeout: 100_000, lockDuration: 200_000 };

let server: RedisFixture;
let bench: QueueBench;

/** Some tests start processes, which takes seconds on a busy machine. */
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

interface Wishes {
  readonly waits?: boolean;
  readonly priority?: number;
  readonly grace?: number;
}

const prefer = async (id: string, workerId: string, options: Wishes = {}) => {
  const { waits = true, grace = GRACE_MS, ...rest } = options;
  await bench.jobs.addCompletion(QUEUE, jobOf(id), { ...rest, preference: { workerId, waits, grace } });
};

/** So long that a machine which stands still for a moment lets nobody else come first; ms. */
const AMPLE_GRACE = { grace: 1_000 };

const graceIsOver = (grace = GRACE_MS): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, grace + 10));

/** A consumer that notes what it takes, and is done at once. */
function taker(workerId: string, options: Partial<QueuePumpOptions> = {}): string[] {
  const taken: string[] = [];
  bench.pump(async ({ id }) => void taken.push(id), { workerId, timing: UNATTENDED, ...options });
  return taken;
}

/** A consumer whose one slot is taken by a job that never ends. */
async function busyPump(workerId: string): Promise<void> {
  let begun = false;
  bench.pump(
    () => {
      begun = true;
      return new Promise((resolve) => (endless = resolve));
    },
    { workerId, timing: UNATTENDED },
  );
  await prefer('endless', workerId);
  await eventually(() => begun);
}
let endless: (() => void) | undefined;
afterEach(() => {
  endless = undefined;
});

const counts = (taken: readonly string[], count: number): Promise<unknown> =>
  eventually(
    () => taken.length,
    (length) => length === count,
  );

describe('a worker that jobs prefer', () => {
  it('takes every one of them, while others that waited for longer are idle', async () => {
    const others = [taker('w1'), taker('w2')];
    const preferred = taker('w3');
    const more = taker('w4');
    for (let index = 0; index < 40; index++) {
      await prefer(`r${index}`, 'w3', AMPLE_GRACE);
      await counts(preferred, index + 1);
    }
    expect([...others, more]).toEqual([[], [], []]);
    expect(await bench.redis.zcard(bench.key('marker'))).toBeLessThanOrEqual(1);
  });

  it('takes those that came while it was busy, as soon as it is not', async () => {
    const taken: string[] = [];
    let finish: (() => void) | undefined;
    const run = (job: { readonly id: string }): Promise<void> => {
      taken.push(job.id);
      return new Promise((resolve) => (finish = resolve));
    };
    bench.pump(run, { workerId: 'w1', timing: UNATTENDED });
    for (const id of ['r1', 'r2', 'r3']) await prefer(id, 'w1');
    for (let count = 1; count <= 3; count++) {
      await counts(taken, count);
      finish?.();
    }
    await eventually(
      () => bench.jobs.unfinished(QUEUE),
      (left) => left === 0,
    );
    expect(taken).toEqual(['r1', 'r2', 'r3']);
  });
});

describe('a job whose preferred worker does not come', () => {
  it('is taken by another when the worker is not there at all', async () => {
    const other = taker('w1');
    await prefer('r1', 'nobody');
    await counts(other, 1);
    expect(other).toEqual(['r1']);
  });

  it('is taken by another when the worker is busy', async () => {
    await busyPump('w1');
    const other = taker('w2');
    await prefer('r1', 'w1');
    await counts(other, 1);
    expect(other).toEqual(['r1']);
    endless?.();
  });

  it('is taken by another when the worker was killed, or stands still', async () => {
    const killed = await bench.holder();
    await killed.kill();
    const other = taker('w1', { timing: { ...UNATTENDED, lockDuration: 1_500 } });
    await prefer('r1', killed.workerId);
    await counts(other, 1);
    const stopped = await bench.holder();
    stopped.signal('SIGSTOP');
    await prefer('r2', stopped.workerId);
    await counts(other, 2);
    expect(other).toEqual(['r1', 'r2']);
  });

  it('is taken as soon as somebody has a slot, where all were busy longer than it is kept', async () => {
    await busyPump('w1');
    await prefer('r1', 'w2');
    await graceIsOver();
    expect(await bench.redis.lrange(bench.key('active'), 0, -1)).toEqual(['endless']);
    endless?.();
    await eventually(
      () => bench.redis.lrange(bench.key('active'), 0, -1),
      ([id]) => id === 'r1',
    );
    endless?.();
  });

  it('is taken by workers of the release before, which know of no preference, at once', async () => {
    const { name, prefix } = bullLocation(QUEUE, bench.names);
    const connection = bench.redis;
    const former = new Worker(name, undefined, { connection, prefix, autorun: false }, slimBackend({}));
    await prefer('r1', 'w1');
    const job = await former.getNextJob('token', { block: true });
    expect(job?.id).toBe('r1');
    await job?.moveToCompleted('', 'token', false);
    await former.close(true);
  });
});

describe('what a worker takes', () => {
  const workers: Worker[] = [];
  afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.close(true))));

  /** Takes one job as a worker, without waiting; undefined when there is none for it now. */
  function consumer(workerId: string): () => Promise<string | undefined> {
    const { name, prefix } = bullLocation(QUEUE, bench.names);
    const settings = { connection: bench.redis, prefix, autorun: false, removeOnComplete: { count: 0 } };
    const worker = new Worker(name, undefined, settings, slimBackend({ workerId }));
    workers.push(worker);
    return async () => {
      const job = await worker.getNextJob('token', { block: false });
      await job?.moveToCompleted('', 'token', false);
      // Whoever took the last job does not look again before it has waited.
      if (job !== undefined) await bench.redis.zrem(bench.key('marker'), '0');
      return job?.id;
    };
  }

  it('is nothing that is kept for another, and then the eldest', async () => {
    const take = consumer('w1');
    await prefer('r1', 'w2', AMPLE_GRACE);
    await prefer('r2', 'w2', AMPLE_GRACE);
    expect(await take()).toBeUndefined();
    await graceIsOver(AMPLE_GRACE.grace);
    expect([await take(), await take()]).toEqual(['r1', 'r2']);
  });

  it('is at once what only seems to have no better place', async () => {
    await prefer('r1', 'w2', { waits: false });
    expect(await consumer('w1')()).toBe('r1');
  });

  it('is its own before that of others, which is passed four times and no more', async () => {
    const take = consumer('w1');
    await prefer('other', 'w2', { waits: false });
    for (let index = 0; index < 6; index++) await prefer(`own${index}`, 'w1', { waits: false });
    const taken: (string | undefined)[] = [];
    for (let index = 0; index < 7; index++) taken.push(await take());
    expect(taken).toEqual(['own0', 'own1', 'own2', 'own3', 'other', 'own4', 'own5']);
  });

  it('is not its own when eight others are before it', async () => {
    for (let index = 0; index < 8; index++) await prefer(`other${index}`, 'w2', { waits: false });
    await prefer('own', 'w1', { waits: false });
    const take = consumer('w1');
    expect([await take(), await take()]).toEqual(['other0', 'own']);
  });

  it('is never its own before one without a preference, or a more urgent one', async () => {
    const take = consumer('w1');
    await prefer('urgent', 'w2', { waits: false, priority: 1 });
    await bench.add('any');
    await prefer('own', 'w1', { waits: false });
    expect([await take(), await take(), await take()]).toEqual(['urgent', 'any', 'own']);
  });

  it('is one without a preference while all before it are kept for others', async () => {
    await prefer('kept', 'w2', AMPLE_GRACE);
    await bench.add('any');
    expect(await consumer('w1')()).toBe('any');
  });
});

describe('jobs with preferences', () => {
  it('are done once each while workers are killed and Redis starts again', async () => {
    const done: string[] = [];
    const workerIds = ['w1', 'w2', 'w3', 'nobody'];
    for (const workerId of workerIds.slice(0, 3))
      bench.pump(async ({ id }) => void done.push(id), { workerId, slots: 2 });
    const holder = await bench.holder(2);
    const ids = Array.from({ length: 120 }, (_, index) => `r${index}`);
    for (const [index, id] of ids.entries()) {
      await prefer(id, [...workerIds, holder.workerId][index % 5] ?? '');
      if (index === 40) await holder.kill();
      if (index === 80) {
        await server.kill();
        await server.restart();
        await eventually(() =>
          bench.jobs.unfinished(QUEUE).then(
            () => true,
            () => false,
          ),
        );
      }
    }
    await eventually(
      () => bench.jobs.unfinished(QUEUE),
      (left) => left === 0,
    );
    expect(ids.filter((id) => !done.includes(id))).toEqual([]);
  });
});
