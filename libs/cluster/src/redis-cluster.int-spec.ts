import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CatalogueModel, type ControlMessage, Names } from '#contracts';
import { type RedisClient, RedisConnections } from '#redis';
import { eventually, type RedisClusterFixture, startRedisCluster } from '#testing';
import { announcement } from './__fixtures__/announcement.js';
import {
  type ControlHandlers,
  ControlSender,
  Presence,
  receiveControl,
  RedisCatalogue,
  RedisWorkerDirectory,
} from './index.js';

const MODELS: readonly CatalogueModel[] = ['a', 'b', 'c'].map((digit) => ({
  id: `sha256:${digit.repeat(64)}`,
  tags: [`docker.io/ai/${digit}:latest`],
  created: 1,
  config: { format: 'gguf' },
  size: 10,
  origin: `docker.io/ai/${digit}@sha256:${digit.repeat(64)}`,
}));

/** Enough for some to lie on every node. */
const WORKERS = Array.from({ length: 9 }, (_, index) => `worker-${index}`);

describe('on a Redis Cluster', () => {
  let server: RedisClusterFixture;
  let connections: RedisConnections;
  let redis: RedisClient;
  const names = new Names('spread');

  beforeAll(async () => {
    server = await startRedisCluster();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    connections = new RedisConnections({ url: server.url, name: 'test' });
    redis = connections.failFast('commands');
    await connections.ready();
  });
  afterEach(() => connections.close());

  it('the catalogue is changed as a whole, and others hear of it', async () => {
    const options = { redis, names };
    const here = new RedisCatalogue({ ...options, subscriber: connections.subscriber('news', 'one place') });
    const there = new RedisCatalogue({ ...options, subscriber: connections.subscriber('news', 'another') });
    await Promise.all([here.start(), there.start()]);
    for (const model of MODELS) await here.put(model);
    await eventually(async () => (await there.list()).length === MODELS.length);
    expect((await there.find('b'))?.id).toBe(MODELS[1]?.id);
    await here.remove('b', { force: false });
    await eventually(async () => (await there.find('b')) === undefined);
    expect((await there.removed()).size).toBe(2);
  });

  it('workers are seen that came before and after the watcher, until they leave', async () => {
    const join = async (workerId: string): Promise<Presence> => {
      const presence = new Presence({ redis, names, workerId, describe: () => announcement(workerId) });
      await presence.start();
      return presence;
    };
    const early = await Promise.all(WORKERS.slice(0, 5).map(join));
    const workers = new RedisWorkerDirectory({ redis, subscriber: connections.subscriber('news'), names });
    await workers.start();
    expect(workers.workers()).toHaveLength(5);
    const late = await Promise.all(WORKERS.slice(5).map(join));
    await eventually(() => workers.workers().length === WORKERS.length);
    // Silence is watched no longer, so it is what the workers say.
    workers.stop();
    await Promise.all([...early, ...late].map((presence) => presence.leave()));
    await eventually(() => workers.workers().length === 0);
  });

  it('a control message is counted by those it reached, on whatever node they listen', async () => {
    const control = new ControlSender(redis, names);
    const heard: string[] = [];
    const hear = (message: ControlMessage): void => void heard.push(message.requestId ?? '');
    const ignore = (): void => undefined;
    const handlers: ControlHandlers = {
      cancel: hear,
      pause: ignore,
      resume: ignore,
      replay: ignore,
      'delete-model': ignore,
      'tag-model': ignore,
      'cancel-pull': ignore,
      unload: () => undefined,
      configure: () => undefined,
      'purge-models': ignore,
    };
    for (const [workerId, near] of [
      ['at-home', names.workerChannel('at-home')],
      ['elsewhere-1', 'one place'],
      ['elsewhere-2', 'another'],
    ] as const) {
      const subscriber = connections.subscriber(workerId, near);
      await receiveControl({ subscriber, names, workerId, handlers });
      expect(await control.send(workerId, { kind: 'cancel', requestId: workerId })).toBe(1);
      await eventually(() => heard.includes(workerId));
    }
    expect(await control.send('nobody', { kind: 'cancel', requestId: 'r' })).toBe(0);
    expect(await control.send(undefined, { kind: 'cancel', requestId: 'all' })).toBeGreaterThan(0);
    await eventually(() => heard.filter((id) => id === 'all').length === 3);
  });
});
