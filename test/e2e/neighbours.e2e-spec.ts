import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type Cluster,
  eventually,
  findFreePort,
  fixtureModel,
  openChat,
  publishModel,
  pullModelThrough,
  type RegistryFixture,
  SCRIPTS,
  startCluster,
  startRegistry,
  streamChat,
  syntheticText,
} from '#testing';
import { type ByteGate, startByteGate } from './support/byte-gate.js';
import { useCluster } from './support/use-cluster.js';

const ONE_AT_A_TIME = { LONGSHORE_SLOTS: '1', LONGSHORE_THREADS: '1' };

describe('a worker that lacks a model when the registry is gone', () => {
  const shared = useCluster({
    gateways: 1,
    workers: 1,
    engine: 'llama-server',
    workerEnvironment: ONE_AT_A_TIME,
  });

  it('gets it from the worker that has it, and answers with it', async () => {
    const { reference: model } = await shared.pulled('scripted');
    await shared.registry.kill();
    const second = await shared.cluster.addWorker();
    const { url } = shared.cluster.gateway();
    const { prompt, text } = SCRIPTS.count;
    const answered = new Set<string>();
    await eventually(
      async () => {
        const chats = await Promise.all(Array.from({ length: 6 }, () => streamChat(url, { model, prompt })));
        expect(chats.filter((chat) => chat.text !== text)).toEqual([]);
        for (const { workerId } of chats) answered.add(workerId);
        return answered.has(second.workerId);
      },
      (done) => done,
      { within: 60_000, what: 'the second worker to answer' },
    );
    expect(answered).toContain('worker-2');
  });
});

describe.each([
  { who: 'a neighbour that is killed', receiverDies: false },
  { who: 'a worker that is killed, and then its neighbour too,', receiverDies: true },
])('$who in the middle of a transfer', ({ receiverDies }) => {
  /** Ranges are asked for in segments of this size; bytes. */
  const SEGMENT = 32 * 1024 * 1024;
  const HELD_AFTER = 1024 * 1024;
  /** More than sockets can hold of what was sent and had not arrived; bytes. */
  const UNDER_WAY = 16 * 1024 * 1024;
  let registry: RegistryFixture;
  let cluster: Cluster;
  /** Before the registry, and before the store of the first worker. */
  let origin: ByteGate;
  let neighbour: ByteGate;

  beforeAll(async () => {
    registry = await startRegistry();
    origin = await startByteGate({ target: () => registry.host });
    const port = await findFreePort();
    neighbour = await startByteGate({
      target: () => `127.0.0.1:${port}`,
      allow: (start) => (start === 0 ? Infinity : HELD_AFTER),
    });
    cluster = await startCluster({
      gateways: 1,
      workers: 0,
      engine: 'synthetic',
      workerEnvironment: ONE_AT_A_TIME,
    });
    await cluster.addWorker({
      LONGSHORE_STORE_PORT: String(port),
      LONGSHORE_STORE_URL: `http://${neighbour.host}`,
    });
  });
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') console.error(cluster.logs());
  });
  afterAll(async () => {
    await cluster.stop();
    await Promise.all([origin.close(), neighbour.close()]);
    await registry.stop();
  });

  /** A later process will not fetch the first segment again. */
  async function isFinished(modelsPath: string): Promise<boolean> {
    const folder = join(modelsPath, 'partial');
    const records = (await readdir(folder)).filter((name) => name.endsWith('.json'));
    const done = records.map(async (name) => {
      const record = JSON.parse(await readFile(join(folder, name), 'utf8')) as { done: string };
      return ((Buffer.from(record.done, 'base64')[0] ?? 0) & 1) === 1;
    });
    return (await Promise.all(done)).includes(true);
  }

  it('costs nothing of what it had given: the origin gives only the rest', async () => {
    const file = await fixtureModel('random');
    const size = (await stat(file)).size;
    await publishModel({ registry, name: 'large/model:1', file });
    const model = `${origin.host}/large/model:1`;
    const { url } = cluster.gateway();
    expect((await pullModelThrough(url, model)).lines.at(-1)).toMatchObject({ type: 'success' });
    const before = origin.reads.length;

    // Keeps the only slot of the only worker that has the model, so that the other has to get it.
    const parameters = { max_tokens: 1_000_000, synthetic: { rate: 10 } };
    const long = await openChat(url, { model, prompt: 'Hello', parameters });
    const receiver = await cluster.addWorker({ LONGSHORE_SLOTS: '2' });
    const next = streamChat(url, { model, prompt: 'Hello', parameters: { max_tokens: 7 } });
    next.catch(() => undefined);
    const oneThereAndAnotherOnItsWay = (since: number, finished: readonly number[]): Promise<unknown> =>
      eventually(
        () => [...finished, ...neighbour.reads.slice(since).map(({ passed }) => passed)],
        (passed) => passed.includes(SEGMENT) && passed.includes(HELD_AFTER),
        { within: 60_000, what: 'one segment to be there and another to be on its way' },
      );
    await oneThereAndAnotherOnItsWay(0, []);
    if (receiverDies) {
      await eventually(() => isFinished(receiver.modelsPath), Boolean, { what: 'the segment to be noted' });
      await receiver.kill();
      const since = neighbour.reads.length;
      await cluster.restartWorker(receiver.name);
      await oneThereAndAnotherOnItsWay(since, [SEGMENT]);
    }
    expect(neighbour.reads.filter(({ passed }) => passed === SEGMENT)).toHaveLength(1);
    expect(origin.reads).toHaveLength(before);
    await cluster.worker().kill();
    // What the gate holds back keeps it from noticing.
    await neighbour.close();

    expect((await next).text).toBe(syntheticText(7));
    long.hangUp();
    expect(origin.reads.slice(before).map(({ start }) => start)).not.toContain(0);
    const rest = origin.reads.slice(before).reduce((sum, read) => sum + read.passed, 0);
    expect(rest).toBeGreaterThan(0);
    expect(rest).toBeLessThan(size - SEGMENT + UNDER_WAY);
  });
});
