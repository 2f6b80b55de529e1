import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  eventually,
  fixtureModel,
  makeTemporaryFolder,
  openRequest,
  publishModel,
  pullModelThrough,
  requestJson,
  startRedis,
  type TemporaryFolder,
  type RegistryGate,
  startRegistryGate,
} from '#testing';
import { redisLeftovers } from './support/redis-leftovers.js';
import { useCluster } from './support/use-cluster.js';

/**
 * A gateway that finds Redis again later than the pull has ended hears of the end of the pull that was asked for next,
 * which has found the model there.
 */
const PULLED = {
  type: 'success',
  message: expect.stringMatching(/^(Model pulled successfully$|Using cached model: )/),
};

describe.each([
  { kind: 'keeps what it knew', appendOnly: true },
  { kind: 'comes back empty', appendOnly: false },
])('a Redis that is killed in the middle of a pull and $kind', ({ appendOnly }) => {
  const shared = useCluster(async () => ({
    gateways: 2,
    workers: 2,
    engine: 'synthetic',
    redis: await startRedis({ appendOnly }),
  }));
  let folder: TemporaryFolder;
  const gates: RegistryGate[] = [];
  beforeAll(async () => {
    folder = await makeTemporaryFolder('models');
  });
  afterAll(async () => {
    await Promise.all(gates.map((gate) => gate.close()));
    await folder.remove();
  });

  /** A model of several segments that nobody has, behind a gate that lets only the first through. */
  async function publish(name: string) {
    const file = join(folder.path, `${name}.gguf`);
    await copyFile(await fixtureModel('random'), file);
    const { size } = await stat(file);
    const handle = await open(file, 'r+');
    await handle.write(Buffer.from(name), 0, name.length, size - name.length);
    await handle.close();
    const digest = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    const { id } = await publishModel({ registry: shared.registry, name: `outage/${name}:1`, file });
    const gate = await startRegistryGate(shared.registry.host, (start) => start > 0);
    gates.push(gate);
    return { id, digest, gate, size, reference: `${gate.host}/outage/${name}:1` };
  }

  /** The most bytes of the blob that a line of the pull has said are here. */
  function arrived(received: Buffer): number {
    const lines = received.toString().split('\n').filter(Boolean);
    const layers = lines.map((line) => JSON.parse(line) as { layer: { current: number } });
    return Math.max(0, ...layers.map(({ layer }) => layer.current));
  }

  function isStored(digest: string): boolean {
    return shared.cluster.workers.some(({ modelsPath }) =>
      existsSync(join(modelsPath, 'blobs', 'sha256', digest)),
    );
  }

  function lastLine(body: Buffer): unknown {
    return JSON.parse(body.toString().trimEnd().split('\n').at(-1) ?? '');
  }

  it.each([
    { what: 'goes on when it is back', name: 'later', seconds: 3, openMeanwhile: false },
    {
      what: 'goes on without it, and its end is told when it is back',
      name: 'meanwhile',
      seconds: 6,
      openMeanwhile: true,
    },
  ])('the pull $what, and fetches nothing twice', async ({ name, seconds, openMeanwhile }) => {
    const { redis, gateways } = shared.cluster;
    const url = (index: number): string => gateways[index]?.url ?? '';
    const { id, digest, gate, size, reference } = await publish(name);
    const patient = await openRequest({ url: `${url(0)}/models/create`, body: { from: reference } });
    const segment = 32 * 1024 * 1024;
    await eventually(
      () => arrived(patient.received()),
      (bytes) => bytes >= segment / 2,
      { within: 20_000, what: 'most of the first segment' },
    );
    await eventually(
      () => gate.blobsRead.length,
      (count) => count >= Math.ceil(size / segment),
    );
    await redis.kill();
    try {
      const refused = await pullModelThrough(url(1), reference);
      expect([refused.status, refused.text]).toEqual([503, expect.stringContaining('Redis')]);
      if (openMeanwhile) {
        gate.open();
        await eventually(() => isStored(digest), Boolean, { what: 'the blob in a store' });
      }
      await delay(seconds * 1_000);
    } finally {
      await redis.restart();
    }

    const again = await eventually(
      () => openRequest({ url: `${url(1)}/models/create`, body: { from: reference } }),
      (response) => response.status === 200,
    );
    gate.open();
    expect(lastLine(await patient.whole())).toMatchObject(PULLED);
    expect(lastLine(await again.whole())).toMatchObject({ type: 'success' });
    expect(gate.blobsRead).toHaveLength(new Set(gate.blobsRead).size);
    const { status, json } = await requestJson({ url: `${url(1)}/models/${reference}` });
    expect([status, json]).toMatchObject([200, { id }]);
    // A Redis that came back empty was given the pull again, and another worker may still copy the model from the first.
    await eventually(
      () => redisLeftovers(redis.url),
      (left) => !left.some((key) => key.includes('{pull.cpu}:active')),
      { within: 60_000, what: 'every pull to end' },
    );
    expect(gate.blobsRead).toHaveLength(new Set(gate.blobsRead).size);
  });
});
