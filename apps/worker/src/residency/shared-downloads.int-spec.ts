import { join } from 'node:path';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RedisDownloadTurns } from '#cluster';
import { Names, type ProgressLine } from '#contracts';
import { type Neighbour, toCatalogueModel } from '#models';
import { RedisConnections } from '#redis';
import {
  type CuttingProxy,
  eventually,
  type RedisFixture,
  type RegistryFixture,
  type RegistryGate,
  startCuttingProxy,
  startRedis,
  startRegistry,
  startRegistryGate,
  storeArtifact,
} from '#testing';
import { randomArtifact } from '../store-server/__fixtures__/random-artifact.js';
import { type ServedStore, StoreBench } from '../store-server/__fixtures__/store-bench.js';

const MEGABYTE = 1024 * 1024;
const never = new AbortController().signal;
const weights = (model: typeof artifact): string => model.blobs[1]?.descriptor.digest ?? '';
const artifact = randomArtifact(3 * MEGABYTE);

describe('a model that several stores pull', () => {
  let bench: StoreBench;
  let registry: RegistryFixture;
  let redis: RedisFixture;
  let gate: RegistryGate;
  const connections: RedisConnections[] = [];
  const proxies: CuttingProxy[] = [];
  const dead = new Set<string>();

  beforeEach(async () => {
    bench = new StoreBench();
    [registry, redis] = await Promise.all([startRegistry(), startRedis()]);
    gate = await startRegistryGate(registry.host);
    const publisher = await bench.serve();
    await storeArtifact(publisher.store, artifact);
    for (const name of ['one', 'two']) {
      const pushed = await fetch(`${publisher.url}/models/${artifact.id}/push`, {
        method: 'POST',
        headers: { authorization: await bench.access.authorization() },
        body: JSON.stringify({ reference: `${registry.host}/test/${name}:1` }),
      });
      if (!(await pushed.text()).includes('"success"')) throw new Error('The model was not published.');
    }
    await publisher.server.stop();
  });
  afterEach(async () => {
    gate.open();
    await bench.stop();
    for (const each of connections.splice(0)) each.close();
    await Promise.all([
      gate.close(),
      registry.stop(),
      redis.stop(),
      ...proxies.splice(0).map((each) => each.stop()),
    ]);
    dead.clear();
  });

  async function worker(workerId: string, neighbours: readonly Neighbour[]): Promise<ServedStore> {
    const open = new RedisConnections({ url: redis.url, name: workerId });
    connections.push(open);
    const isAlive = (id: string): boolean => !dead.has(id);
    const turns = { redis: open.failFast('turns'), names: new Names('shared'), workerId, isAlive };
    await open.ready();
    return bench.serve({}, neighbours, new RedisDownloadTurns(turns));
  }

  /** Two workers that know each other. The second reaches the store of the first over a network that can be cut. */
  async function pair(): Promise<{ one: ServedStore; two: ServedStore; between: CuttingProxy }> {
    const known: Neighbour[] = [];
    const one = await worker('one', known);
    const between = await startCuttingProxy({ port: Number(new URL(one.url).port) });
    proxies.push(between);
    const two = await worker('two', [{ name: 'one', url: `http://127.0.0.1:${between.port}` }]);
    known.push(two);
    return { one, two, between };
  }

  const pull = (by: ServedStore, name: string, more: { signal?: AbortSignal; lines?: ProgressLine[] } = {}) =>
    by.library.pull({
      reference: `${gate.host}/test/${name}`,
      signal: more.signal ?? never,
      onProgress: (line) => more.lines?.push(line),
    });

  const askedFor = (digest: string): number => gate.blobsRead.filter((path) => path.includes(digest)).length;
  const waiting = (count: number) =>
    eventually(
      () => gate.blobsRead.length,
      (read) => read === count,
    );

  async function hasWhole({ store }: ServedStore): Promise<void> {
    expect(await store.holds(artifact.id)).toBe(true);
    expect(await store.verify(artifact.id)).toEqual([]);
  }

  it('under different names at once is downloaded once, and every caller sees it come', async () => {
    const { one, two } = await pair();
    const lines: ProgressLine[] = [];
    const first = pull(one, 'one:1');
    await waiting(1);
    const second = pull(two, `two@${artifact.id}`, { lines });
    gate.open();
    await Promise.all([first, second]);
    expect(gate.blobsRead).toHaveLength(artifact.blobs.length);
    await Promise.all([one, two].map(hasWhole));
    const seen = lines.map(({ layer }) => layer.current);
    expect(seen.at(-1)).toBe(3 * MEGABYTE);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  it('is not downloaded when another store has it under another name', async () => {
    const { one, two } = await pair();
    gate.open();
    await pull(one, 'one:1');
    await pull(two, 'two:1');
    expect(gate.blobsRead).toHaveLength(artifact.blobs.length);
    await hasWhole(two);
  });

  it('goes on at the next store when the first gives up', async () => {
    const { one, two } = await pair();
    const leaving = new AbortController();
    const first = pull(one, 'one:1', { signal: leaving.signal }).catch((error: unknown) => error);
    await waiting(1);
    const second = pull(two, 'two:1');
    leaving.abort(new Error('enough'));
    expect(await first).toMatchObject({ message: 'enough' });
    gate.open();
    await second;
    await hasWhole(two);
  });

  it('goes on at the next store when the worker that downloads dies', async () => {
    const { one, two } = await pair();
    const stopped = new AbortController();
    const first = pull(one, 'one:1', { signal: stopped.signal }).catch(() => undefined);
    await waiting(1);
    const second = pull(two, 'two:1');
    // Gone without a word: nothing is given back.
    connections[0]?.close();
    dead.add('one');
    await one.server.stop();
    await waiting(2);
    gate.open();
    await second;
    await hasWhole(two);
    expect(askedFor(weights(artifact))).toBeGreaterThan(0);
    stopped.abort();
    await first;
  });

  it('comes from its origin when the only store that has it goes away or has damaged bytes', async () => {
    const { one, two, between } = await pair();
    gate.open();
    await pull(one, 'one:1');
    const path = join(one.store.directory, 'blobs', 'sha256', weights(artifact).slice(7));
    const bytes = await readFile(path);
    bytes[MEGABYTE] = (bytes[MEGABYTE] ?? 0) ^ 1;
    await chmod(path, 0o644);
    await writeFile(path, bytes);
    await pull(two, 'two:1');
    expect(askedFor(weights(artifact))).toBe(2);
    await hasWhole(two);
    await two.library.purge();
    await between.cut();
    await pull(two, 'two:1');
    expect(askedFor(weights(artifact))).toBe(3);
    await hasWhole(two);
  });

  it('is copied with a warning when its registry cannot be reached', async () => {
    const { one, two } = await pair();
    gate.open();
    const { model } = await pull(one, 'one:1');
    await bench.catalogue.put(toCatalogueModel(model));
    await gate.close();
    const lines: ProgressLine[] = [];
    const copied = await pull(two, 'one:1', { lines });
    expect(copied.warning).toMatch(/^Using the copy of .* that another worker has\. It may be out of date: /);
    expect(lines.at(-1)).toMatchObject({ type: 'warning', message: copied.warning });
    await hasWhole(two);
  });
});
