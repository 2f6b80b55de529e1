import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseModelReference } from '#contracts';
import { eventually, storeArtifact } from '#testing';
import { handMadeArtifact } from '../__fixtures__/hand-made-artifact.js';
import { Workbench, randomArtifact } from '../__fixtures__/workbench.js';
import { placeFile } from './place-file.js';
import { ModelStore } from './model-store.js';

let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.start();
});
afterAll(() => bench.stop());

const SHARED = { content: Buffer.from('the same licence'), mediaType: 'application/vnd.docker.ai.license' };
const withShared = (text: string) => handMadeArtifact({ layers: [{ content: Buffer.from(text) }, SHARED] });
const blobs = (store: ModelStore) => readdir(join(store.directory, 'blobs/sha256'));

describe('ModelStore', () => {
  it('finds a model by every form of its name', async () => {
    const store = await bench.store();
    const { id } = await storeArtifact(store, randomArtifact(10), parseModelReference('smollm2'));
    const forms = [
      'smollm2',
      'ai/smollm2',
      'AI/SmolLM2:latest',
      'docker.io/ai/smollm2:latest',
      id,
      id.slice(7),
      id.slice(7, 19),
    ];
    const found = await Promise.all(
      forms.map(async (form) => [form, (await store.findByReference(form))?.id]),
    );
    expect(found).toEqual(forms.map((form) => [form, id]));
    for (const form of ['smollm3', 'smollm2:other', 'f'.repeat(64), 'f'.repeat(12)]) {
      expect(await store.findByReference(form)).toBeUndefined();
    }
  });

  it('removes a model with its last name, and only the blobs no other model needs', async () => {
    const store = await bench.store();
    const a = await storeArtifact(store, withShared('a'), parseModelReference('org/a:1'));
    const b = await storeArtifact(store, withShared('b'), parseModelReference('org/b:1'));
    await store.tag(a.id, 'org/a:2');
    await store.files(a.id);
    expect((await store.get(a.id))?.tags).toEqual(['docker.io/org/a:1', 'docker.io/org/a:2']);
    // Both have the same config document and licence.
    expect(await blobs(store)).toHaveLength(4);

    expect(await store.untag('org/a:1')).toEqual({ untagged: 'docker.io/org/a:1' });
    expect(await store.untag('org/a:1')).toBeUndefined();
    expect(await store.untag('org/a:2')).toEqual({ untagged: 'docker.io/org/a:2', deleted: a.id });
    expect((await store.list()).map((model) => model.id)).toEqual([b.id]);
    expect(await blobs(store)).toHaveLength(3);
    expect(await readdir(join(store.directory, 'bundles/sha256'))).toEqual([]);
    await expect(store.files(a.id)).rejects.toMatchObject({ reason: 'not-found' });
    await expect(store.tag(a.id, 'org/a:3')).rejects.toMatchObject({ reason: 'not-found' });

    expect(await store.remove(b.id)).toEqual({ untagged: ['docker.io/org/b:1'], deleted: b.id });
    expect(await store.remove(b.id)).toBeUndefined();
    for (const folder of ['blobs/sha256', 'manifests/sha256', 'origins/sha256', 'trash/sha256', 'partial']) {
      expect([folder, await readdir(join(store.directory, folder))]).toEqual([folder, []]);
    }
  });

  it('moves a name from one model to another', async () => {
    const store = await bench.store();
    const old = await storeArtifact(store, withShared('old'), parseModelReference('org/m:latest'));
    const fresh = await storeArtifact(store, withShared('fresh'), parseModelReference('org/m:latest'));
    expect((await store.findByReference('org/m'))?.id).toBe(fresh.id);
    expect((await store.get(old.id))?.tags).toEqual([]);
  });

  it('keeps a tag and a repository of the same path apart', async () => {
    const store = await bench.store();
    const { id } = await storeArtifact(store, randomArtifact(10), parseModelReference('r.io/a/b:c'));
    await store.tag(id, 'r.io/a/b/c:d');
    await store.tag(id, 'r.io/a:b');
    expect((await store.get(id))?.tags).toHaveLength(3);
  });

  it('loses no name when many are given at once', async () => {
    const folder = await bench.folder();
    const stores = await Promise.all([1, 2, 3, 4].map(() => ModelStore.open(folder)));
    const { id } = await storeArtifact(stores[0] as ModelStore, randomArtifact(10));
    const names = Array.from({ length: 24 }, (_, index) => `org/many:${index}`);
    await Promise.all(names.map(async (name, index) => stores[index % 4]?.tag(id, name)));
    expect((await stores[0]?.get(id))?.tags).toHaveLength(24);
    const gone = await Promise.all(names.map(async (name, index) => stores[index % 4]?.untag(name)));
    expect(gone.filter((result) => result?.deleted === id)).toHaveLength(1);
    expect(await stores[1]?.list()).toEqual([]);
  });

  it('does not remove blobs under a pull that counts on them', async () => {
    const store = await bench.store();
    const artifact = withShared('held');
    const { id } = await storeArtifact(store, artifact, parseModelReference('org/held:1'));
    await store.holding(undefined, async () => {
      expect(await store.isComplete(artifact.manifest)).toBe(true);
      await store.remove(id);
      expect(await store.list()).toEqual([]);
      expect(await blobs(store)).toHaveLength(3);
      await store.put({ manifest: artifact.manifest, reference: parseModelReference('org/held:2') });
    });
    expect((await store.get(id))?.tags).toEqual(['docker.io/org/held:2']);
    expect(await blobs(store)).toHaveLength(3);

    await store.holding(undefined, async () => void (await store.remove(id)));
    expect(await blobs(store)).toEqual([]);
  });

  it('finishes a removal that a crash interrupted', async () => {
    const store = await bench.store();
    const { id } = await storeArtifact(store, withShared('crashed'));
    await rename(
      join(store.directory, 'manifests/sha256', id.slice(7)),
      join(store.directory, 'trash/sha256', id.slice(7)),
    );
    expect(await blobs(store)).toHaveLength(3);
    await ModelStore.open(store.directory);
    expect(await blobs(store)).toEqual([]);
  });

  it('refuses a model of which a blob is missing', async () => {
    const store = await bench.store();
    await expect(store.put({ manifest: withShared('missing').manifest })).rejects.toMatchObject({
      reason: 'mismatch',
    });
    expect(await store.list()).toEqual([]);
  });

  it('does not show a model whose manifest was damaged', async () => {
    const store = await bench.store();
    const { id } = await storeArtifact(store, randomArtifact(10));
    const path = join(store.directory, 'manifests/sha256', id.slice(7));
    const bytes = await readFile(path);
    bytes[20] = 0;
    await writeFile(path, bytes);
    expect(await store.list()).toEqual([]);
    expect(await store.get(id)).toBeUndefined();
  });

  it('removes what a killed process has left', async () => {
    const artifact = randomArtifact(2_000_000);
    await bench.push(artifact, 'org/victim:1');
    let stalled = (): void => undefined;
    const inTheMiddle = new Promise<void>((resolve) => (stalled = resolve));
    const weights = artifact.blobs[1]?.descriptor.digest ?? '';
    const front = await bench.front(({ request, response, forward }) => {
      if (!request.url?.endsWith(weights)) return forward();
      response.writeHead(200, { 'content-length': '2000000' });
      return response.write(Buffer.alloc(100_000), stalled);
    });
    const folder = await bench.folder();
    const script = fileURLToPath(new URL('../__fixtures__/pull-in-child.mjs', import.meta.url));
    const child = spawn(process.execPath, [script, folder, `${front.host}/org/victim:1`], {
      stdio: 'ignore',
    });
    await inTheMiddle;
    const found = (path: string): Promise<string[]> => readdir(join(folder, path)).catch(() => []);
    await eventually(
      () => found('partial'),
      (names) => names.includes(weights.slice(7)),
    );
    await eventually(
      () => found('blobs/sha256'),
      (names) => names.length === 1,
    );
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await readdir(join(folder, 'partial'))).toContain(weights.slice(7));
    const store = await ModelStore.open(folder);
    // Young enough for a pull to go on with it.
    expect(await readdir(join(folder, 'partial'))).toContain(weights.slice(7));
    expect(await blobs(store)).toHaveLength(1);
    expect(await readdir(join(folder, 'locks'))).not.toContainEqual(
      expect.stringMatching(/^(?:sha256|reservation)-/),
    );
    await store.collect({ leftoverAge: 0 });
    expect(await readdir(join(folder, 'partial'))).toEqual([]);
    expect(await blobs(store)).toEqual([]);
    expect(await store.list()).toEqual([]);
  });

  it('is not opened in a folder it cannot use', async () => {
    const folder = await bench.folder();
    await writeFile(join(folder, 'file'), '');
    await expect(ModelStore.open(join(folder, 'file'))).rejects.toThrow(/The model store .* cannot be used/);
    await mkdir(join(folder, 'foreign'));
    await writeFile(join(folder, 'foreign/layout.json'), '{"version":"1.0.0"}');
    await expect(ModelStore.open(join(folder, 'foreign'))).rejects.toThrow('is of layout version 1.0.0');
    await writeFile(join(folder, 'foreign/layout.json'), 'broken');
    await expect(ModelStore.open(join(folder, 'foreign'))).rejects.toThrow(
      'without a readable layout version',
    );
  });
});

describe('the files of a model', () => {
  it('are hard links that cost no room, the same for all who ask at once', async () => {
    const store = await bench.store();
    const artifact = randomArtifact(1000, 2000);
    const { id } = await storeArtifact(store, artifact);
    const [files, ...others] = await Promise.all([1, 2, 3, 4].map(() => store.files(id)));
    for (const other of others) expect(other).toEqual(files);
    const blob = join(store.directory, 'blobs/sha256', artifact.blobs[1]?.descriptor.digest.slice(7) ?? '');
    expect((await stat(files?.weights ?? '')).ino).toBe((await stat(blob)).ino);
    expect((await stat(blob)).mode & 0o222).toBe(0);
    expect(await readdir(join(store.directory, 'bundles/sha256'))).toEqual([id.slice(7)]);
  });

  it('come back when one was lost', async () => {
    const store = await bench.store();
    const { id } = await storeArtifact(store, randomArtifact(1000, 2000));
    const { weights } = await store.files(id);
    await rm(weights);
    expect((await store.files(id)).weights).toBe(weights);
    await access(weights);
  });

  it('appear by other means where hard links are impossible', async (context) => {
    const [here, there] = [await bench.folder(), '/dev/shm'];
    const other = await stat(there).catch(() => undefined);
    context.skip(
      other === undefined || other.dev === (await stat(here)).dev,
      'there is no second file system',
    );
    const source = join(there, `longshore-place-file-${process.pid}`);
    await writeFile(source, 'content');
    try {
      await placeFile(source, join(here, 'placed'));
      expect(await readFile(join(here, 'placed'), 'utf8')).toBe('content');
      await expect(placeFile(source, join(here, 'placed'))).rejects.toMatchObject({ code: 'EEXIST' });
    } finally {
      await rm(source);
    }
  });
});
