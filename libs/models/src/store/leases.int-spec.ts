import { readFile, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseModelReference } from '#contracts';
import { makeTemporaryFolder, type TemporaryFolder, storeArtifact } from '#testing';
import { BuiltProgram } from '../__fixtures__/built-program.js';
import { handMadeArtifact } from '../__fixtures__/hand-made-artifact.js';
import { ModelStore } from './model-store.js';
import type { StoredModel } from './stored-model.js';

let program: BuiltProgram;
const folders: TemporaryFolder[] = [];

beforeAll(async () => {
  program = await BuiltProgram.build();
});
afterAll(async () => {
  await program.remove();
  for (const folder of folders) await folder.remove();
});

async function storeWith(text: string): Promise<{ store: ModelStore; model: StoredModel }> {
  const folder = await makeTemporaryFolder('leases');
  folders.push(folder);
  const store = await ModelStore.open(folder.path);
  const artifact = handMadeArtifact({ layers: [{ content: Buffer.from(text) }] });
  return { store, model: await storeArtifact(store, artifact, parseModelReference('org/m:1')) };
}
const countBlobs = async (store: ModelStore): Promise<number> =>
  (await readdir(join(store.directory, 'blobs/sha256'))).length;

describe('a lease', () => {
  it('keeps the bytes of a model that is deleted while in use; its name goes at once', async () => {
    const { store, model } = await storeWith('in use');
    const lease = await store.lease(model.id);
    expect(await store.untag('org/m:1')).toMatchObject({ deleted: model.id });
    expect(await store.list()).toEqual([]);
    expect(await store.findByReference('org/m:1')).toBeUndefined();
    await store.collect({ leftoverAge: 0 });
    await ModelStore.open(store.directory);
    expect(await readFile(lease.files.weights, 'utf8')).toBe('in use');
    expect(await countBlobs(store)).toBe(2);
    expect((await store.usage()).leftovers).toBe(model.size);

    await lease.release();
    await lease.release();
    expect(await countBlobs(store)).toBe(0);
    await expect(stat(lease.files.weights)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('of two holders is over when both have let go', async () => {
    const { store, model } = await storeWith('two');
    const other = program.start('lease', store.directory, model.id);
    await other.heard('held');
    const lease = await store.lease(model.id);
    await store.remove(model.id);
    await lease.release();
    expect(await readFile(lease.files.weights, 'utf8')).toBe('two');
    expect(await countBlobs(store)).toBe(2);
    expect(await other.finish()).toBe(0);
    expect(await countBlobs(store)).toBe(0);
  });

  it('ends with its process when that is killed', async () => {
    const { store, model } = await storeWith('killed');
    const holder = program.start('lease', store.directory, model.id);
    await holder.heard('held');
    await store.remove(model.id);
    expect(await countBlobs(store)).toBe(2);
    await holder.kill();
    await store.collect();
    expect(await countBlobs(store)).toBe(0);
    expect(await readdir(join(store.directory, 'bundles/sha256'))).toEqual([]);
    expect(
      (await readdir(join(store.directory, 'locks'))).filter((name) => name.startsWith('lease')),
    ).toEqual([]);
  });

  it('survives that its model is deleted and pulled again', async () => {
    const { store, model } = await storeWith('again');
    const lease = await store.lease(model.id);
    await store.remove(model.id);
    const artifact = handMadeArtifact({ layers: [{ content: Buffer.from('again') }] });
    await storeArtifact(store, artifact, parseModelReference('org/m:2'));
    await lease.release();
    expect(await readFile((await store.files(model.id)).weights, 'utf8')).toBe('again');
    expect(await readdir(join(store.directory, 'trash/sha256'))).toEqual([]);
  });

  it('is not given on a model that is not there, or not whole', async () => {
    const { store, model } = await storeWith('gone');
    const weights = model.manifest.layers[0]?.digest.slice(7) ?? '';
    const blob = join(store.directory, 'blobs/sha256', weights);
    await rename(blob, join(store.directory, 'elsewhere'));
    await expect(store.lease(model.id)).rejects.toMatchObject({ reason: 'damaged' });
    await rename(join(store.directory, 'elsewhere'), blob);
    await store.remove(model.id);
    await expect(store.lease(model.id)).rejects.toMatchObject({ reason: 'not-found' });
    await store.collect();
    expect(await readdir(join(store.directory, 'locks'))).not.toContainEqual(
      expect.stringMatching(/^lease-/),
    );
  });
});

describe('purge', () => {
  it('removes everything but what is in use', async () => {
    const { store, model } = await storeWith('used');
    const other = handMadeArtifact({ layers: [{ content: Buffer.from('unused') }] });
    await storeArtifact(store, other, parseModelReference('org/other:1'));
    const lease = await store.lease(model.id);
    expect((await store.purge()).toSorted()).toEqual([model.id, other.id].toSorted());
    expect(await store.list()).toEqual([]);
    expect(await countBlobs(store)).toBe(2);
    expect(await readFile(lease.files.weights, 'utf8')).toBe('used');
    await lease.release();
    expect(await store.usage()).toMatchObject({ total: 0, models: 0, leftovers: 0, partial: 0, copies: 0 });
  });
});

describe('usage', () => {
  it('counts a blob of several models once', async () => {
    const { store, model } = await storeWith('one');
    const both = handMadeArtifact({
      layers: [
        { content: Buffer.from('one') },
        { content: Buffer.from('more'), mediaType: 'application/vnd.docker.ai.license' },
      ],
    });
    await storeArtifact(store, both);
    await store.files(model.id);
    const usage = await store.usage();
    // The config document is the same too.
    expect(usage).toMatchObject({ models: model.size + 4, leftovers: 0, partial: 0, copies: 0, quota: 0 });
    expect(usage.total).toBe(usage.models);
    expect(usage.free).toBeGreaterThan(0);
  });
});
