import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CompletionJob, completionQueue, loadQueue, Names } from '#contracts';
import { BullJobQueue, QueuePump } from '#queue';
import { type RedisClient, RedisConnections } from '#redis';
import { eventually, type RedisFixture, startRedis } from '#testing';

/** What KEDA's scaler for Redis asks of a key whose type it does not know. */
const LENGTH = `
local kind = redis.call('type', KEYS[1]).ok
local commands = { zset = 'zcard', set = 'scard', list = 'llen', hash = 'hlen', none = 'llen' }
return redis.call(commands[kind], KEYS[1])`;

const MODEL = `sha256:${'0a'.repeat(32)}`;
const QUEUE = completionQueue({ variant: 'cuda', modelId: MODEL, mode: 'completion' });

const jobOf = (stream: number): CompletionJob => ({
  version: 1,
  requestId: `gw.${stream}`,
  gatewayId: 'gw',
  stream,
  route: '/v1/chat/completions',
  mode: 'completion',
  modelId: MODEL,
  body: '{}',
  streaming: true,
  deadline: Date.now() + 60_000,
});

describe('a scaler that asks Redis how long the queues of a variant are', () => {
  let server: RedisFixture;
  let connections: RedisConnections;
  let jobs: BullJobQueue;
  let commands: RedisClient;
  const names = new Names('longshore');

  beforeAll(async () => {
    server = await startRedis();
    connections = new RedisConnections({ url: server.url, name: 'scaling' });
    commands = connections.patient('commands');
    jobs = new BullJobQueue(connections.failFast('producer'), names);
    await connections.ready();
  });
  afterAll(async () => {
    await jobs.close();
    connections.close();
    await server.stop();
  });

  /** The sum of the chart's triggers for one queue. */
  const demand = async (queue: string): Promise<{ waiting: number; active: number }> => {
    const key = names.queueKey(queue);
    const count = async (state: string): Promise<number> =>
      Number(await commands.eval(LENGTH, 1, `${key}:${state}`));
    return { waiting: (await count('wait')) + (await count('prioritized')), active: await count('active') };
  };

  it('finds none in queues that nobody has used', async () => {
    expect(await demand(QUEUE)).toEqual({ waiting: 0, active: 0 });
    expect(await demand(loadQueue('cuda'))).toEqual({ waiting: 0, active: 0 });
  });

  it('counts what waits and what runs, until it is done', async () => {
    for (let stream = 1; stream <= 5; stream++) await jobs.addCompletion(QUEUE, jobOf(stream));
    expect(await demand(QUEUE)).toEqual({ waiting: 5, active: 0 });

    let finish!: () => void;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const pump = new QueuePump({
      queue: QUEUE,
      names,
      redis: commands,
      workerId: 'w1',
      slots: 2,
      run: () => finished,
      onError: () => undefined,
    });
    pump.start();
    try {
      await eventually(
        () => demand(QUEUE),
        ({ waiting, active }) => waiting === 3 && active === 2,
      );
      finish();
      await eventually(
        () => demand(QUEUE),
        ({ waiting, active }) => waiting === 0 && active === 0,
      );
    } finally {
      finish();
      await pump.stop();
    }
  });

  it('counts the wish for a model that no worker holds', async () => {
    await jobs.addLoad('cuda', { version: 1, modelId: MODEL, mode: 'completion' });
    expect(await demand(loadQueue('cuda'))).toEqual({ waiting: 1, active: 0 });
  });
});
