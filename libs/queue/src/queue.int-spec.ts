import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { completionQueue, type CompletionJob, Names } from '#contracts';
import { RedisConnections, type RedisClient } from '#redis';
import { eventually, startRedis, type RedisFixture } from '#testing';
import { countWaiting } from './__fixtures__/count-waiting.js';
import {
  BullJobQueue,
  DemandBoard,
  HandBack,
  type PumpedJob,
  QueuePump,
  type QueuePumpOptions,
} from './index.js';

const MODEL = `sha256:${'a'.repeat(64)}`;
const QUEUE = completionQueue({ variant: 'cpu', modelId: MODEL, mode: 'completion' });

const jobOf = (requestId: string): CompletionJob => ({
  version: 1,
  requestId,
  gatewayId: 'gw',
  stream: 1,
  route: '/v1/chat/completions',
  mode: 'completion',
  modelId: MODEL,
  body: '{}',
  streaming: true,
  deadline: Date.now() + 60_000,
});

/** A promise with its handle. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe('completion queues', () => {
  let server: RedisFixture;
  let connections: RedisConnections;
  let names: Names;
  let jobs: BullJobQueue;
  let commands: RedisClient;
  let pumps: QueuePump[];
  let errors: Error[];
  let run = 0;

  beforeAll(async () => {
    server = await startRedis({ appendOnly: true });
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    names = new Names(`queue-test-${run++}`);
    pumps = [];
    errors = [];
    connections = new RedisConnections({ url: server.url, name: 'test' });
    commands = connections.patient('commands');
    jobs = new BullJobQueue(connections.failFast('producer'), names);
    await connections.ready();
  });
  afterEach(async () => {
    await Promise.all(pumps.map((pump) => pump.stop()));
    await jobs.close();
    connections.close();
  });

  const pump = (
    runJob: (job: PumpedJob) => Promise<void>,
    options: Partial<QueuePumpOptions> = {},
  ): QueuePump => {
    const made = new QueuePump({
      queue: QUEUE,
      names,
      redis: commands,
      workerId: 'w1',
      slots: 2,
      run: runJob,
      onError: (error) => errors.push(error),
      ...options,
    });
    pumps.push(made);
    made.start();
    return made;
  };

  it('hands every job to a consumer once and leaves nothing behind', async () => {
    const seen: string[] = [];
    pump(async (job) => void seen.push(job.id));
    for (let index = 0; index < 50; index++) await jobs.addCompletion(QUEUE, jobOf(`r${index}`));
    await eventually(
      () => seen.length,
      (count) => count === 50,
    );
    expect(new Set(seen).size).toBe(50);
    const keys = async (): Promise<string[]> => commands.keys(`${names.queueKey(QUEUE)}:r[0-9]*`);
    await eventually(keys, (left) => left.length === 0);
    expect(errors).toEqual([]);
  });

  it('runs as many jobs at once as it has slots, and no more', async () => {
    const release = gate();
    let running = 0;
    let most = 0;
    const consumer = pump(
      async () => {
        most = Math.max(most, ++running);
        await release.opened;
        running--;
      },
      { slots: 3 },
    );
    for (let index = 0; index < 10; index++) await jobs.addCompletion(QUEUE, jobOf(`r${index}`));
    await eventually(
      () => consumer.busy,
      (busy) => busy === 3,
    );
    expect(await countWaiting(commands, names, QUEUE)).toBe(7);
    release.open();
    await eventually(
      () => countWaiting(commands, names, QUEUE),
      (waiting) => waiting === 0,
    );
    expect(most).toBe(3);
  });

  it('says when it has room again after all its slots were busy, and not before', async () => {
    const held = new Map([
      ['first', gate()],
      ['second', gate()],
      ['third', gate()],
    ]);
    const begun: string[] = [];
    let room = 0;
    const started = pump(
      async ({ data }) => {
        const { requestId } = data as CompletionJob;
        begun.push(requestId);
        await held.get(requestId)?.opened;
      },
      { onRoom: () => (room += 1) },
    );
    started.start();
    await jobs.addCompletion(QUEUE, jobOf('first'));
    await eventually(() => begun.length === 1);
    held.get('first')?.open();
    await eventually(() => started.busy === 0);
    expect(room).toBe(0);
    for (const id of ['second', 'third']) await jobs.addCompletion(QUEUE, jobOf(id));
    await eventually(() => begun.length === 3);
    held.get('second')?.open();
    await eventually(() => room === 1);
    expect(started.busy).toBe(1);
    held.get('third')?.open();
    await eventually(() => started.busy === 0);
    expect(room).toBe(1);
  });

  it('finishes what it has begun when it is stopped, and leaves the rest waiting', async () => {
    const release = gate();
    const finished: string[] = [];
    const consumer = pump(async (job) => {
      await release.opened;
      finished.push(job.id);
    });
    for (let index = 0; index < 5; index++) await jobs.addCompletion(QUEUE, jobOf(`r${index}`));
    await eventually(
      () => consumer.busy,
      (busy) => busy === 2,
    );
    const stopped = consumer.stop();
    release.open();
    await stopped;
    expect(finished.sort()).toEqual(['r0', 'r1']);
    expect(await countWaiting(commands, names, QUEUE)).toBe(3);
  });

  it('finishes also a job that was on its way when it was stopped', async () => {
    const release = gate();
    const asked = gate();
    const finished: string[] = [];
    let stopped: Promise<void> | undefined;
    let begun = 0;
    const consumer = pump(
      async (job) => {
        begun++;
        if (begun === 1) await release.opened;
        // The next job is asked for before this turn of the event loop ends, and comes after it.
        if (begun === 3) {
          setImmediate(() => {
            stopped = consumer.stop();
            asked.open();
          });
        }
        if (begun > 3) await new Promise((resolve) => setTimeout(resolve, 100));
        finished.push(job.id);
      },
      { slots: 1 },
    );
    for (let index = 0; index < 9; index++) await jobs.addCompletion(QUEUE, jobOf(`r${index}`));
    release.open();
    await asked.opened;
    await stopped;
    expect(begun).toBe(4);
    expect(finished).toHaveLength(begun);
    expect(await countWaiting(commands, names, QUEUE)).toBe(9 - begun);
  });

  it('takes a waiting job out, and says so when it is not waiting any more', async () => {
    const release = gate();
    await jobs.addCompletion(QUEUE, jobOf('waits'));
    expect(await jobs.removeCompletion(QUEUE, 'waits')).toBe(true);
    const consumer = pump(() => release.opened);
    await jobs.addCompletion(QUEUE, jobOf('runs'));
    await eventually(
      () => consumer.busy,
      (busy) => busy === 1,
    );
    expect(await jobs.removeCompletion(QUEUE, 'runs')).toBe(false);
    release.open();
  });

  it('gives the job of a consumer that died to another one, as its second attempt', async () => {
    const timing = { lockDuration: 600, lookInterval: 150, settleTime: 0, blockTimeout: 1_000 };
    const dying = new RedisConnections({ url: server.url, name: 'dying' });
    const taken = gate();
    const dead = new QueuePump({
      queue: QUEUE,
      names,
      redis: dying.patient('commands'),
      workerId: 'dead',
      slots: 1,
      run: () => {
        taken.open();
        return new Promise(() => undefined);
      },
      onError: () => undefined,
      timing,
    });
    dead.start();
    await jobs.addCompletion(QUEUE, jobOf('r1'));
    await taken.opened;
    dying.close();
    const attempts: number[] = [];
    pump(async (job) => void attempts.push(job.attempt), { timing });
    await eventually(
      () => attempts.length,
      (count) => count === 1,
    );
    expect(attempts).toEqual([2]);
  });

  it('gives a job that was handed back to the next consumer', async () => {
    const tries: number[] = [];
    pump(async (job) => {
      tries.push(job.attempt);
      if (tries.length < 3) throw new HandBack();
    });
    await jobs.addCompletion(QUEUE, jobOf('r1'));
    await eventually(
      () => tries.length,
      (count) => count === 3,
    );
    expect(tries).toEqual([1, 2, 3]);
    await eventually(
      () => jobs.unfinished(QUEUE),
      (left) => left === 0,
    );
    expect(errors).toEqual([]);
  });

  it('goes on consuming after Redis was killed and started again', async () => {
    const seen: string[] = [];
    pump(async (job) => void seen.push(job.id));
    await jobs.addCompletion(QUEUE, jobOf('before'));
    await eventually(
      () => seen.length,
      (count) => count === 1,
    );
    await server.kill();
    await expect(jobs.addCompletion(QUEUE, jobOf('during'))).rejects.toMatchObject({
      code: 'redis_unavailable',
    });
    await server.restart();
    await eventually(
      () => jobs.addCompletion(QUEUE, jobOf('after')).then(() => true),
      (added) => added,
    );
    await eventually(
      () => seen,
      (ids) => ids.includes('after'),
    );
  });

  it('shows other workers which queues are in use and how many wait', async () => {
    const board = new DemandBoard(commands, names, 'cpu');
    for (let index = 0; index < 3; index++) await jobs.addCompletion(QUEUE, jobOf(`r${index}`));
    const [demand] = await board.read(() => true, Date.now());
    const of = { queue: QUEUE, variant: 'cpu', modelId: MODEL, mode: 'completion' };
    expect(demand).toEqual({ ...of, waiting: 3, active: 0 });
    expect(await board.read((queue) => queue !== QUEUE, Date.now())).toEqual([]);
    expect([await board.lease(QUEUE, 'w1'), await board.lease(QUEUE, 'w2')]).toEqual([true, false]);
    await eventually(() => board.lease(QUEUE, 'w2'));
  });

  it('adds one load job however often it is asked for the same model', async () => {
    for (let index = 0; index < 5; index++) {
      await jobs.addLoad('cpu', { version: 1, modelId: MODEL, mode: 'completion' });
    }
    expect(await countWaiting(commands, names, 'load.cpu')).toBe(1);
  });
});
