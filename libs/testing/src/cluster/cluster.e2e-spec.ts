import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../eventually.js';
import { fixtureModel } from '../fixtures.js';
import { openRequest } from '../http.js';
import { isAlive } from '../processes.js';
import { REPOSITORY } from '../repository.js';
import { type RedisFixture, startRedis } from '../servers/redis.js';
import { startRegistry, type RegistryFixture } from '../servers/registry.js';
import { syntheticText } from '../synthetic-engine/token-text.js';
import { askChat, pullModelThrough, streamChat } from './cluster-client.js';
import { startCluster, type Cluster } from './cluster.js';
import { publishModel } from './publish-model.js';

let cluster: Cluster;
let registry: RegistryFixture;
let redis: RedisFixture;

beforeAll(async () => {
  redis = await startRedis();
  registry = await startRegistry();
  cluster = await startCluster({ gateways: 1, workers: 1, engine: 'synthetic' });
});
afterAll(async () => {
  await cluster.stop();
  await registry.stop();
  await redis.stop();
});

describe('startCluster', () => {
  it('answers with a published model and leaves nothing when it stops', async () => {
    const { url } = cluster.gateway();
    const model = await publishModel({
      registry,
      name: 'test/scripted:1',
      file: await fixtureModel('scripted'),
    });
    const pulled = await pullModelThrough(url, model.reference);
    expect(pulled.lines.at(-1)).toMatchObject({ type: 'success' });

    // The head of a stream that was told how long it waits goes out before anybody knows who will answer.
    const headers = { 'x-queue-notices': 'off' };
    const request = { model: model.reference, prompt: 'Hello', headers, parameters: { max_tokens: 5 } };
    expect(await streamChat(url, request)).toMatchObject({ text: syntheticText(5), workerId: 'worker-1' });
    expect(await askChat(url, request)).toMatchObject({ status: 200, text: syntheticText(5) });

    const added = await cluster.addWorker();
    expect(added.workerId).toBe('worker-2');
    await added.kill();
    await cluster.stop();
    const pids = [...cluster.gateways, ...cluster.workers].map((process) => process.pid);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('starts what has ended again under its name, port and folders, each process with its own way to Redis', async () => {
    const asked: string[] = [];
    const redisUrlOf = (name: string): string => {
      asked.push(name);
      return redis.url;
    };
    const own = await startCluster({ gateways: 1, workers: 1, engine: 'synthetic', redisUrlOf, redis });
    try {
      const { url, name, pid } = own.gateway();
      const { runDirectory } = own.worker();
      await expect(own.restartGateway(name)).rejects.toThrow('gateway-1 is alive');
      await Promise.all([own.gateway().kill(), own.worker().kill()]);
      await Promise.all([own.restartGateway(name), own.restartWorker('worker-1')]);
      expect(own.gateway()).toMatchObject({ url, name, alive: true });
      expect(own.gateway().pid).not.toBe(pid);
      expect(own.worker()).toMatchObject({ workerId: 'worker-1', runDirectory, alive: true });
      expect(own.workers).toHaveLength(1);
      expect(asked.toSorted()).toEqual(['gateway-1', 'gateway-1', 'worker-1', 'worker-1']);
    } finally {
      await own.stop();
    }
  });

  it('lets a paused process go on when it is resumed', async () => {
    const own = await startCluster({ gateways: 1, workers: 0, engine: 'synthetic', redis });
    try {
      const gateway = own.gateway();
      gateway.pause();
      const answer = openRequest({ url: `${gateway.url}/health` });
      expect(await Promise.race([answer, sleep(300).then(() => 'silent')])).toBe('silent');
      gateway.resume();
      expect((await answer).status).toBeGreaterThanOrEqual(200);
    } finally {
      await own.stop();
    }
  });

  it('dies as a whole when its test is killed, also what is paused', async () => {
    const script = `
      import { startCluster } from '#testing';
      const cluster = await startCluster({ gateways: 1, workers: 1, engine: 'synthetic' });
      cluster.worker().pause();
      process.send([...cluster.gateways, ...cluster.workers, cluster.redis].map(({ pid }) => pid));
    `;
    const test = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: REPOSITORY,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [pids] = (await once(test, 'message')) as [number[]];
    expect(pids.filter(isAlive)).toHaveLength(3);
    test.kill('SIGKILL');
    await eventually(
      () => pids.filter(isAlive),
      (left) => left.length === 0,
    );
  });

  it('shows what a process says that does not start', async () => {
    const wrong = { LONGSHORE_PORT: 'starboard' };
    const start = startCluster({ gateways: 1, workers: 0, engine: 'synthetic', gatewayEnvironment: wrong });
    await expect(start).rejects.toThrow(/LONGSHORE_PORT must be a number/);
  });
});
