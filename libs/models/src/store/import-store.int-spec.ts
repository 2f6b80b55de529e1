import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseModelReference } from '#contracts';
import { makeTemporaryFolder, type TemporaryFolder, storeArtifact } from '#testing';
import { handMadeArtifact } from '../__fixtures__/hand-made-artifact.js';
import type { Artifact } from '../package/artifact.js';
import { importModelRunnerStore } from './import-store.js';
import { ModelStore } from './model-store.js';
import { probeVolume } from './probe-volume.js';

let folder: TemporaryFolder;
let count = 0;
beforeAll(async () => {
  folder = await makeTemporaryFolder('import');
});
afterAll(() => folder.remove());

interface ForeignModel {
  readonly artifact: Artifact;
  readonly tags: readonly string[];
}

/** A store as Docker Model Runner leaves it, with a bundle of its own. */
async function foreignStore(models: readonly ForeignModel[]): Promise<string> {
  const directory = join(folder.path, `foreign-${(count += 1)}`);
  for (const part of ['blobs/sha256', 'manifests/sha256'])
    await mkdir(join(directory, part), { recursive: true });
  await writeFile(join(directory, 'layout.json'), '{"version":"1.0.0"}');
  const index = models.map(({ artifact, tags }) => ({
    id: artifact.id,
    tags,
    files: artifact.blobs.map(({ descriptor }) => descriptor.digest).toReversed(),
  }));
  await writeFile(join(directory, 'models.json'), JSON.stringify({ models: index }));
  for (const { artifact } of models) {
    await writeFile(join(directory, 'manifests/sha256', artifact.id.slice(7)), artifact.manifest);
    for (const { descriptor, content } of artifact.blobs) {
      await writeFile(join(directory, 'blobs/sha256', descriptor.digest.slice(7)), content);
    }
    const bundle = join(directory, 'bundles/sha256', artifact.id.slice(7), 'model');
    await mkdir(bundle, { recursive: true });
    await writeFile(join(bundle, 'model.gguf'), 'not looked at');
  }
  return directory;
}

/** Everything there is to see of a folder, but for how many names a file has. */
async function look(directory: string): Promise<string[]> {
  const seen: string[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const { mode, mtimeMs, size } = await stat(path);
    const digest = entry.isFile()
      ? createHash('sha256')
          .update(await readFile(path))
          .digest('hex')
      : '';
    seen.push(`${path} ${mode} ${mtimeMs} ${size} ${digest}`);
  }
  return seen.sort();
}

const model = (text: string) => handMadeArtifact({ layers: [{ content: Buffer.from(text) }] });
const store = async (options = {}) => ModelStore.open(join(folder.path, `store-${(count += 1)}`), options);

describe('the import of a Model Runner store', () => {
  it('takes models over with their names, shares their bytes, and leaves the store as it was', async () => {
    const [a, b] = [model('a'), model('b')];
    const from = await foreignStore([
      { artifact: a, tags: ['docker.io/ai/a:latest', 'docker.io/ai/a:1'] },
      { artifact: b, tags: [] },
    ]);
    const before = await look(from);
    const to = await store();
    const nothing = { present: [], skipped: [] };
    expect(await importModelRunnerStore({ from, to })).toEqual({ ...nothing, imported: [a.id, b.id] });
    expect((await to.findByReference('ai/a'))?.tags.toSorted()).toEqual([
      'docker.io/ai/a:1',
      'docker.io/ai/a:latest',
    ]);
    expect(await readFile((await to.files(b.id)).weights, 'utf8')).toBe('b');
    const weights = join('blobs/sha256', a.blobs[1]?.descriptor.digest.slice(7) ?? '');
    expect((await stat(join(to.directory, weights))).ino).toBe((await stat(join(from, weights))).ino);
    expect(await importModelRunnerStore({ from, to })).toEqual({
      imported: [],
      present: [a.id, b.id],
      skipped: [],
    });

    await to.purge();
    expect(await look(from)).toEqual(before);
  });

  it('copies where files cannot have two names, and checks the copies', async (context) => {
    const there = '/dev/shm';
    const other = await stat(there).catch(() => undefined);
    context.skip(!other || other.dev === (await stat(folder.path)).dev, 'there is no second file system');
    const target = await mkdtemp(join(there, 'longshore-import-'));
    const artifact = model('far away');
    const from = await foreignStore([{ artifact, tags: ['docker.io/ai/far:latest'] }]);
    try {
      const to = await ModelStore.open(target);
      expect(await importModelRunnerStore({ from, to })).toMatchObject({ imported: [artifact.id] });
      expect(await to.verify(artifact.id)).toEqual([]);
      expect(await readFile((await to.files(artifact.id)).weights, 'utf8')).toBe('far away');
    } finally {
      await rm(target, { recursive: true });
    }
  });

  it('does not take a name away from a model that has it', async () => {
    const [ours, theirs] = [model('ours'), model('theirs')];
    const to = await store();
    await storeArtifact(to, ours, parseModelReference('ai/m'));
    const from = await foreignStore([{ artifact: theirs, tags: ['docker.io/ai/m:latest', 'not a name'] }]);
    await importModelRunnerStore({ from, to });
    expect((await to.findByReference('ai/m'))?.id).toBe(ours.id);
    expect((await to.get(theirs.id))?.tags).toEqual([]);
  });

  it('skips what is damaged or not a model, and says why', async () => {
    const [torn, empty, foreign, good] = [model('torn'), model('empty'), model('x'), model('good')];
    const from = await foreignStore(
      [torn, empty, good].map((artifact) => ({
        artifact,
        tags: [`docker.io/ai/${artifact.id.slice(7, 15)}:latest`],
      })),
    );
    await writeFile(join(from, 'blobs/sha256', torn.blobs[1]?.descriptor.digest.slice(7) ?? ''), 'TORN');
    await writeFile(join(from, 'manifests/sha256', empty.id.slice(7)), '');
    const index = JSON.parse(await readFile(join(from, 'models.json'), 'utf8')) as { models: object[] };
    index.models.push({ id: foreign.id, tags: [] }, { id: '../../etc/passwd', tags: [] });
    await writeFile(join(from, 'models.json'), JSON.stringify(index));
    const to = await store();
    const { imported, skipped } = await importModelRunnerStore({ from, to });
    expect(imported).toEqual([good.id]);
    expect(skipped.map(({ id }) => id)).toEqual([torn.id, empty.id, foreign.id]);
    expect(skipped[0]?.why).toContain('is missing or damaged');
    expect(await to.list()).toHaveLength(1);
  });

  it('says when a folder is no such store', async () => {
    const to = await store();
    const empty = join(folder.path, 'empty');
    await mkdir(empty);
    await symlink(to.directory, join(folder.path, 'ours'));
    await expect(importModelRunnerStore({ from: empty, to })).rejects.toThrow('it has no layout.json');
    await expect(importModelRunnerStore({ from: join(folder.path, 'ours'), to })).rejects.toThrow(
      'not 1.0.x',
    );
    await writeFile(join(empty, 'layout.json'), '{"version":"1.0.0"}');
    await writeFile(join(empty, 'models.json'), '{"models":');
    await expect(importModelRunnerStore({ from: empty, to })).rejects.toThrow('models.json is not JSON');
  });

  it('does not count on room that is not there', async () => {
    const artifact = model('much too long for this store');
    const from = await foreignStore([{ artifact, tags: [] }]);
    const probe: typeof probeVolume = async (workshop) => ({
      ...(await probeVolume(workshop)),
      hardLinks: false,
    });
    const to = await store({ quota: 10, probe });
    await expect(importModelRunnerStore({ from, to })).rejects.toMatchObject({ reason: 'no-room' });
    expect(await to.list()).toEqual([]);
  });
});
