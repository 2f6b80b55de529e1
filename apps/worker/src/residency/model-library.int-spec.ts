import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportModel, toCatalogueModel } from '#models';
import { findFreePort, startRegistry, storeArtifact } from '#testing';
import { randomArtifact } from '../store-server/__fixtures__/random-artifact.js';
import { type ServedStore, StoreBench } from '../store-server/__fixtures__/store-bench.js';

const MEGABYTE = 1024 * 1024;
const NAME = 'docker.io/ai/copied:latest';
const never = new AbortController().signal;
let bench: StoreBench;

beforeEach(() => {
  bench = new StoreBench();
});
afterEach(() => bench.stop());

const artifact = randomArtifact(2 * MEGABYTE);

/** A served store that has the model. */
async function holder(): Promise<ServedStore> {
  const served = await bench.serve();
  await storeArtifact(served.store, artifact);
  await served.library.synchronise();
  return served;
}

/** Flips a byte in the weights of a stored model. */
async function damage({ store }: ServedStore): Promise<void> {
  const path = join(store.directory, 'blobs', 'sha256', artifact.blobs[1]?.descriptor.digest.slice(7) ?? '');
  const bytes = await readFile(path);
  bytes[MEGABYTE] = (bytes[MEGABYTE] ?? 0) ^ 1;
  await chmod(path, 0o644);
  await writeFile(path, bytes);
}

/** Gets the model into a store. @returns parts of it that are damaged there */
async function provide({ library, store }: ServedStore): Promise<readonly string[]> {
  const { lease } = await library.provide(artifact.id, never);
  await lease.release();
  if (!library.stored.includes(artifact.id)) throw new Error('The model is not announced.');
  return store.verify(artifact.id);
}

describe('a model that a worker lacks', () => {
  it('comes from a neighbour with all its names, also when it came from no registry', async () => {
    const neighbour = await holder();
    const known = await neighbour.store.get(artifact.id);
    if (known === undefined) throw new Error('The neighbour has no model.');
    await bench.catalogue.put({ ...toCatalogueModel(known), tags: [NAME], origin: '' });
    const here = await bench.serve({}, [neighbour]);
    expect(await provide(here)).toEqual([]);
    expect((await here.store.get(artifact.id))?.tags).toEqual([NAME]);
  });

  it('comes from the next neighbour when the bytes of the first are wrong', async () => {
    const [bad, good] = [await holder(), await holder()];
    await damage(bad);
    expect(await provide(await bench.serve({}, [bad, good]))).toEqual([]);
  });

  it('comes from the next neighbour when the first has lost it, cannot be reached, or has no address', async () => {
    const [empty, good] = [await bench.serve(), await holder()];
    const gone = { name: 'gone', url: `http://127.0.0.1:${await findFreePort()}` };
    const odd = { name: 'odd', url: 'nowhere' };
    expect(await provide(await bench.serve({}, [empty, gone, odd, good]))).toEqual([]);
  });

  it('is not had at all when nobody has it whole, with a sentence and nothing half-made', async () => {
    const bad = await holder();
    await damage(bad);
    const here = await bench.serve({}, [bad]);
    await expect(here.library.provide(artifact.id, never)).rejects.toThrow(
      `The files of ${artifact.id} are on no worker that can be asked.`,
    );
    expect(await here.store.list()).toEqual([]);
    const alone = await bench.serve();
    await expect(alone.library.provide(artifact.id, never)).rejects.toMatchObject({ code: 'load_failed' });
  });

  it('comes from where it came from when its only neighbour has damaged bytes', async () => {
    const registry = await startRegistry();
    try {
      const bad = await holder();
      const reference = `${registry.host}/test/model:1`;
      const pushed = await fetch(`${bad.url}/models/${artifact.id}/push`, {
        method: 'POST',
        headers: { authorization: await bench.access.authorization() },
        body: JSON.stringify({ reference }),
      });
      expect(await pushed.text()).toContain('"success"');
      const origin = `${registry.host}/test/model@${artifact.id}`;
      const known = bench.catalogue.models.get(artifact.id);
      if (known === undefined) throw new Error('The catalogue has no model.');
      await bench.catalogue.put({ ...known, origin });
      await damage(bad);
      const here = await bench.serve({}, [bad]);
      expect(await provide(here)).toEqual([]);
      expect((await here.store.get(artifact.id))?.origin).toBe(origin);
    } finally {
      await registry.stop();
    }
  });
});

describe('names in the store of a worker', () => {
  it('move when the cluster moves them, and leave the model they meant before where it is', async () => {
    const { store, library } = await holder();
    await library.tag(artifact.id, NAME);
    expect((await store.get(artifact.id))?.tags).toEqual([NAME]);
    await library.tag(`sha256:${'0'.repeat(64)}`, NAME);
    expect((await store.get(artifact.id))?.tags).toEqual([]);
  });

  it('change in the order in which they are told, however quickly', async () => {
    const { store, library } = await holder();
    await library.tag(artifact.id, NAME);
    const other = 'docker.io/ai/passing:v1';
    await Promise.all([library.tag(artifact.id, other), library.delete(other)]);
    expect((await store.get(artifact.id))?.tags).toEqual([NAME]);
    await Promise.all([library.delete(NAME), library.tag(artifact.id, NAME)]);
    expect(await store.get(artifact.id)).toBeUndefined();
  });

  it('that were taken away do not come back when the model is pulled by another one', async () => {
    const registry = await startRegistry();
    try {
      const { url, library } = await holder();
      const reference = `${registry.host}/test/model:1`;
      const pushed = await fetch(`${url}/models/${artifact.id}/push`, {
        method: 'POST',
        headers: { authorization: await bench.access.authorization() },
        body: JSON.stringify({ reference }),
      });
      expect(await pushed.text()).toContain('"success"');
      // The cluster has taken this name away; the store has not heard of it yet.
      await library.tag(artifact.id, NAME);
      await library.pull({ reference, signal: never });
      expect(bench.catalogue.models.get(artifact.id)?.tags).toEqual([reference]);
    } finally {
      await registry.stop();
    }
  });

  it('that were taken away do not come back when the same model is made by another one, or by none', async () => {
    const { store, library } = await holder();
    const contextSize = 256;
    const made = await library.repackage(artifact.id, { target: 'docker.io/ai/short:taken', contextSize });
    // The cluster has taken both names away; the store has not heard of it yet.
    await library.tag(artifact.id, NAME);
    const again = await library.repackage(artifact.id, { target: 'docker.io/ai/short:new', contextSize });
    expect(again).toBe(made);
    expect(bench.catalogue.models.get(made)?.tags).toEqual(['docker.io/ai/short:new']);
    const { archive: body } = await exportModel({ store, id: artifact.id });
    expect(await library.load({ body, signal: never })).toBe(artifact.id);
    expect(bench.catalogue.models.get(artifact.id)?.tags).toEqual([]);
  });

  it('that were moved while the worker was away are moved when it comes back', async () => {
    const { store, library } = await holder();
    await library.tag(artifact.id, NAME);
    const known = bench.catalogue.models.get(artifact.id);
    if (known === undefined) throw new Error('The catalogue has no model.');
    await bench.catalogue.put({ ...known, id: `sha256:${'0'.repeat(64)}`, tags: [NAME] });
    await bench.catalogue.put({ ...known, tags: ['docker.io/ai/new:latest'] });
    await library.synchronise();
    expect((await store.get(artifact.id))?.tags).toEqual(['docker.io/ai/new:latest']);
  });

  it('are all gone after a purge, and the models with them', async () => {
    const { store, library } = await holder();
    await library.tag(artifact.id, NAME);
    expect(await library.purge()).toEqual([artifact.id]);
    expect(library.stored).toEqual([]);
    expect((await store.usage()).total).toBe(0);
  });
});
