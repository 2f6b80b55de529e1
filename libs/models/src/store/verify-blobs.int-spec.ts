import { chmod, open, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseModelReference } from '#contracts';
import { makeTemporaryFolder, type TemporaryFolder, storeArtifact } from '#testing';
import { DirectorySource, publishInDirectory } from '../__fixtures__/directory-source.js';
import { handMadeArtifact } from '../__fixtures__/hand-made-artifact.js';
import { pullModel } from '../pull-model.js';
import { ModelStore } from './model-store.js';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await makeTemporaryFolder('verify');
});
afterAll(() => folder.remove());

/** Changes one byte and neither size nor name. */
async function flipByte(path: string): Promise<void> {
  await chmod(path, 0o644);
  const file = await open(path, 'r+');
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 2);
    await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, 2);
  } finally {
    await file.close();
  }
}

describe('a blob that was corrupted on the disk', () => {
  it('is removed wherever it is served from, and pulled again', async () => {
    const artifact = handMadeArtifact({ layers: [{ content: Buffer.from('good weights') }] });
    const sibling = handMadeArtifact({
      layers: [
        { content: Buffer.from('good weights') },
        { content: Buffer.from('mit'), mediaType: 'application/vnd.docker.ai.license' },
      ],
    });
    const [from, directory] = [join(folder.path, 'source'), join(folder.path, 'store')];
    await publishInDirectory(from, 'good', artifact);
    const store = await ModelStore.open(directory);
    const source = new DirectorySource(from);
    const reference = parseModelReference('org/m:good');
    const { model } = await pullModel({ store, source, reference });
    const other = await storeArtifact(store, sibling);
    const { weights } = await store.files(model.id);
    await store.files(other.id);
    expect(await store.verify(model.id)).toEqual([]);

    const digest = artifact.blobs[1]?.descriptor.digest ?? '';
    await flipByte(join(directory, 'blobs/sha256', digest.slice(7)));
    expect(await readFile(weights, 'utf8')).not.toBe('good weights');
    expect(await store.verify(model.id)).toEqual([digest]);
    expect(await readdir(join(directory, 'bundles/sha256'))).toEqual([]);
    await expect(store.lease(model.id)).rejects.toMatchObject({ reason: 'damaged' });
    await expect(store.files(other.id)).rejects.toMatchObject({ reason: 'damaged' });
    // Also when somebody has removed the bytes himself.
    expect(await store.verify(other.id)).toEqual([digest]);

    expect(await pullModel({ store, source, reference })).toMatchObject({ cached: false });
    expect(await readFile((await store.files(model.id)).weights, 'utf8')).toBe('good weights');
    expect(await readFile((await store.files(other.id)).weights, 'utf8')).toBe('good weights');
    expect(await store.verify(other.id)).toEqual([]);
  });

  it('is never read as a config document, and comes back with the next pull', async () => {
    const store = await ModelStore.open(join(folder.path, 'config'));
    const artifact = handMadeArtifact({ layers: [{ content: Buffer.from('weights') }] });
    await publishInDirectory(join(folder.path, 'source'), 'config', artifact);
    await storeArtifact(store, artifact);
    const digest = artifact.blobs[0]?.descriptor.digest ?? '';
    await flipByte(join(store.directory, 'blobs/sha256', digest.slice(7)));
    expect(await (await ModelStore.open(store.directory)).list()).toEqual([]);
    const pull = { store, source: new DirectorySource(join(folder.path, 'source')) };
    expect(await pullModel({ ...pull, reference: parseModelReference('org/m:config') })).toMatchObject({
      cached: false,
      model: { id: artifact.id },
    });
    await flipByte(join(store.directory, 'blobs/sha256', digest.slice(7)));
    await expect(store.readBlob(digest)).rejects.toMatchObject({ reason: 'damaged' });
    await expect(store.readBlob(digest)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is not looked for in a model that is not there', async () => {
    const store = await ModelStore.open(join(folder.path, 'none'));
    await expect(store.verify(`sha256:${'0'.repeat(64)}`)).rejects.toMatchObject({ reason: 'not-found' });
    await rm(store.directory, { recursive: true });
  });
});
