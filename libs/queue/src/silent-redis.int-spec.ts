import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LoadJob, PullOutcome } from '#contracts';
import { RedisConnections } from '#redis';
import { eventually, type RedisFixture, startRedis } from '#testing';
import { type DeafProxy, startDeafProxy } from './__fixtures__/deaf-proxy.js';
import { QUEUE, QueueBench } from './__fixtures__/queue-bench.js';
import { LoadHandler, PullHandler, QueuePump, StaticConsumersModule } from './index.js';

const MODEL = `sha256:${'b'.repeat(64)}`;

let server: RedisFixture;
let proxy: DeafProxy;
/** Reaches Redis directly. */
let bench: QueueBench;
/** Reaches it through the proxy. */
let connections: RedisConnections;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  proxy = await startDeafProxy(server.port);
  bench = new QueueBench(server.url);
  connections = new RedisConnections({ url: proxy.url, name: 'behind' });
  await bench.connections.ready();
});
afterEach(async () => {
  connections.close();
  await bench.close();
  await proxy.stop();
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** Blocking reads that Redis knows of. */
const blocked = async (): Promise<number> =>
  Number(/blocked_clients:(\d+)/.exec(await bench.redis.info('clients'))?.[1]);

describe('a pump whose connections go silent without an end', () => {
  const startPump = async (seen: string[]): Promise<QueuePump> => {
    const pump = new QueuePump({
      queue: QUEUE,
      names: bench.names,
      redis: connections.patient('commands'),
      workerId: 'w',
      slots: 1,
      run: async ({ id }) => void seen.push(id),
      onError: () => undefined,
      timing: { blockTimeout: 1_000 },
    });
    pump.start();
    await eventually(blocked);
    return pump;
  };

  it('connects anew and goes on', async () => {
    const seen: string[] = [];
    const pump = await startPump(seen);
    proxy.deafen();
    proxy.hear();
    await bench.add('r1');
    await eventually(
      () => seen,
      ({ length }) => length > 0,
      { within: 20_000 },
    );
    expect(seen).toEqual(['r1']);
    await pump.stop();
  });

  it('goes on also when whoever took its place accepted connections and never answered', async () => {
    const seen: string[] = [];
    const pump = await startPump(seen);
    proxy.deafen();
    await pause(9_000);
    proxy.hear();
    await bench.add('r1');
    await eventually(
      () => seen,
      ({ length }) => length > 0,
      { within: 20_000 },
    );
    expect(seen).toEqual(['r1']);
    await pump.stop();
  }, 60_000);
});

describe('a consumer of loads and pulls whose connections go silent without an end', () => {
  it('goes on also when whoever took its place accepted connections and never answered', async () => {
    const loaded: string[] = [];
    class Loads extends LoadHandler {
      override load = async ({ modelId }: LoadJob): Promise<void> => void loaded.push(modelId);
    }
    class NoPulls extends PullHandler {
      override pull = (): Promise<PullOutcome> => Promise.reject(new Error('not asked for'));
      override ended = (): Promise<void> => Promise.resolve();
    }
    @Module({
      providers: [
        { provide: LoadHandler, useValue: new Loads() },
        { provide: PullHandler, useValue: new NoPulls() },
      ],
      exports: [LoadHandler, PullHandler],
    })
    class Handlers {}
    const redis = connections.patient('commands');
    const consumers = StaticConsumersModule.forWorker({
      variant: 'cpu',
      names: bench.names,
      redis,
      pulls: 1,
      loads: 1,
      onError: () => undefined,
      handlers: Handlers,
    });
    const app: INestApplicationContext = await NestFactory.createApplicationContext(consumers, {
      logger: false,
    });
    await eventually(blocked, (count) => count === 2);
    proxy.deafen();
    await pause(9_000);
    proxy.hear();
    await bench.jobs.addLoad('cpu', { version: 1, modelId: MODEL, mode: 'completion' });
    await eventually(
      () => loaded,
      ({ length }) => length > 0,
      { within: 40_000 },
    );
    expect(loaded).toEqual([MODEL]);
    await app.close();
  }, 90_000);
});
