import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../eventually.js';
import { fixtureModel } from '../fixtures.js';
import { isAlive } from '../processes.js';
import { REPOSITORY } from '../repository.js';
import { startRegistry, type RegistryFixture } from '../servers/registry.js';
import { syntheticText } from '../synthetic-engine/token-text.js';
import { askChat, pullModelThrough, streamChat } from './cluster-client.js';
import { startCluster, type Cluster } from './cluster.js';
import { publishModel } from './publish-model.js';

let cluster: Cluster;
let registry: RegistryFixture;

beforeAll(async () => {
  registry = await startRegistry();
  cluster = await startCluster({ gateways: 1, workers: 1, engine: 'synthetic' });
});
afterAll(async () => {
  await cluster.stop();
  await registry.stop();
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

    const request = { model: model.reference, prompt: 'Hello', parameters: { max_tokens: 5 } };
    expect(await streamChat(url, request)).toMatchObject({ text: syntheticText(5), workerId: 'worker-1' });
    expect(await askChat(url, request)).toMatchObject({ status: 200, text: syntheticText(5) });

    const added = await cluster.addWorker();
    expect(added.workerId).toBe('worker-2');
    await added.kill();
    await cluster.stop();
    const pids = [...cluster.gateways, ...cluster.workers].map((process) => process.pid);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('dies as a whole when its test is killed', async () => {
    const script = `
      import { startCluster } from '#testing';
      const cluster = await startCluster({ gateways: 1, workers: 1, engine: 'synthetic' });
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
