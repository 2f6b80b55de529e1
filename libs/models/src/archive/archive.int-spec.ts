import { execFile, spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseModelReference } from '#contracts';
import { fixtureModel, storeArtifact } from '#testing';
import { handMadeArtifact } from '../__fixtures__/hand-made-artifact.js';
import { smallSafetensors } from '../__fixtures__/safetensors-bytes.js';
import { inPieces, tarBytes, type HandMadeEntry } from '../__fixtures__/tar-bytes.js';
import { Workbench, randomArtifact } from '../__fixtures__/workbench.js';
import { FILE_PATH_ANNOTATION, MODELPACK_CONFIG } from '../formats/media-types.js';
import type { Artifact } from '../package/artifact.js';
import { packageGguf } from '../package/package-gguf.js';
import { ModelStore } from '../store/model-store.js';
import { exportModel } from './export-model.js';
import { loadModel } from './load-model.js';

const run = promisify(execFile);
const created = new Date('2026-01-01T00:00:00Z');
let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.start();
});
afterAll(() => bench.stop());

async function exported(store: ModelStore, id: string): Promise<Buffer> {
  const { size, archive } = await exportModel({ store, id });
  const bytes = await buffer(archive);
  expect(bytes.length).toBe(size);
  return bytes;
}

/** The entries of an archive of this model, for tests that change them. */
function entriesOf(artifact: Artifact): HandMadeEntry[] {
  const blobs = artifact.blobs.map(({ descriptor, content }) => ({
    path: `blobs/sha256/${descriptor.digest.slice(7)}`,
    content: content as Buffer,
  }));
  return [
    { path: 'blobs/', type: '5' },
    { path: 'blobs/sha256/', type: '5' },
    ...blobs,
    { path: 'manifest.json', content: artifact.manifest },
  ];
}

async function load(store: ModelStore, ...entries: HandMadeEntry[]): Promise<string> {
  return (await loadModel({ store, archive: inPieces(tarBytes(...entries), 5000) })).id;
}

describe('a model that is exported and loaded', () => {
  it.each(['scripted', 'random', 'embedding', 'corrupt'] as const)(
    'keeps its id and its bytes through package, push, pull, export and load (%s)',
    async (name) => {
      const file = await fixtureModel(name);
      const artifact = await packageGguf({ file, created });
      await bench.push(artifact, `round/${name}:1`);
      const [first, second] = [await bench.store(), await bench.store()];
      const { model } = await bench.pull(first, `round/${name}:1`);
      expect(model.id).toBe(artifact.id);

      const { archive } = await exportModel({ store: first, id: model.id });
      const loaded = await loadModel({ store: second, archive });
      expect(loaded).toMatchObject({ id: artifact.id, tags: [], config: model.config, size: model.size });
      const files = await second.files(loaded.id);
      expect((await readFile(files.weights)).equals(await readFile(file))).toBe(true);
      const [again, before] = [await exported(second, loaded.id), await exported(first, model.id)];
      expect(again.equals(before)).toBe(true);
    },
  );

  it('is an archive that other programs read', async () => {
    const store = await bench.store();
    const artifact = randomArtifact(700_000, 0, 512);
    const { id } = await storeArtifact(store, artifact);
    const folder = await bench.folder();
    await writeFile(join(folder, 'model.tar'), await exported(store, id));
    await run('tar', ['-xf', 'model.tar'], { cwd: folder });
    for (const { descriptor, content } of artifact.blobs) {
      const path = join(folder, 'blobs/sha256', descriptor.digest.slice(7));
      expect((await readFile(path)).equals(content as Buffer)).toBe(true);
    }
    expect((await readFile(join(folder, 'manifest.json'))).equals(artifact.manifest)).toBe(true);
    const { stdout } = await run('tar', ['-tf', 'model.tar'], { cwd: folder });
    expect(stdout.trim().split('\n').at(-1)).toBe('manifest.json');
  });

  it.each(['gnu', 'posix', 'ustar', 'v7'])('comes out of an archive that tar wrote as %s', async (format) => {
    const artifact = randomArtifact(300_000, 77);
    const folder = await bench.folder();
    await mkdir(join(folder, 'blobs/sha256'), { recursive: true });
    for (const { descriptor, content } of artifact.blobs) {
      await writeFile(join(folder, 'blobs/sha256', descriptor.digest.slice(7)), content);
    }
    await writeFile(join(folder, 'manifest.json'), artifact.manifest);
    await run('tar', [`--format=${format}`, '-cf', 'model.tar', './blobs', './manifest.json'], {
      cwd: folder,
    });
    const archive = createReadStream(join(folder, 'model.tar'));
    const { id } = await loadModel({ store: await bench.store(), archive });
    expect(id).toBe(artifact.id);
  });

  it('reports what was transferred, and takes a model that is there already', async () => {
    const store = await bench.store();
    const artifact = randomArtifact(3_000_000);
    const lines: string[] = [];
    const bytes = tarBytes(...entriesOf(artifact));
    const onProgress = ({ message, layer }: { message: string; layer: { size: number } }): number =>
      lines.push(`${message} of ${layer.size}`);
    await loadModel({ store, archive: inPieces(bytes, 65_536), onProgress });
    expect(lines.at(-1)).toBe('Transferred: 2.86 MB of 3000000');
    await store.tag(artifact.id, 'docker.io/ai/kept:1');
    const again = await loadModel({ store, archive: inPieces(bytes, 65_536) });
    expect(again).toMatchObject({ id: artifact.id, tags: ['docker.io/ai/kept:1'] });
  });

  it('stays in the store until its archive has been read', async () => {
    const store = await bench.store();
    const artifact = randomArtifact(4_000_000);
    const { id } = await storeArtifact(store, artifact);
    const expected = await exported(store, id);
    const { archive } = await exportModel({ store, id });
    const iterator = archive[Symbol.asyncIterator]();
    const parts = [(await iterator.next()).value as Buffer];
    await store.remove(id);
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
      parts.push(next.value);
    expect(Buffer.concat(parts).equals(expected)).toBe(true);
    expect(await readdir(join(store.directory, 'blobs/sha256'))).toEqual([]);
  });
});

describe('loadModel', () => {
  it('refuses an archive with a damaged blob, and the model does not appear', async () => {
    const store = await bench.store();
    const artifact = randomArtifact(50_000);
    const [config, layer] = artifact.blobs.map(({ content }) => Buffer.from(content as Buffer));
    if (!config || !layer) throw new Error('an artifact has a config and a layer');
    layer[25_000] = (layer[25_000] ?? 0) ^ 1;
    const entries = entriesOf(artifact).map((entry) =>
      entry.content?.length === layer.length ? { ...entry, content: layer } : entry,
    );
    await expect(load(store, ...entries)).rejects.toThrow('arrived damaged');
    expect(await store.list()).toEqual([]);
    expect(await load(store, ...entriesOf(artifact))).toBe(artifact.id);
  });

  const small = randomArtifact(100);
  const withEntry = (entry: HandMadeEntry): HandMadeEntry[] => [...entriesOf(small), entry];
  it.each<[string, HandMadeEntry[], string]>([
    ['a path that leads out', withEntry({ path: 'blobs/sha256/../../../evil' }), 'not a plain relative path'],
    ['an absolute path', withEntry({ path: '/tmp/evil' }), 'not a plain relative path'],
    ['a link', withEntry({ path: `blobs/sha256/${'a'.repeat(64)}`, type: '2' }), 'a link'],
    ['a stranger', withEntry({ path: 'index.html' }), 'no part of a model'],
    ['a folder of its own', withEntry({ path: 'evil/', type: '5' }), 'no part of a model'],
    ['a blob of another algorithm', withEntry({ path: 'blobs/md5/abc' }), 'no part of a model'],
    ['two manifests', withEntry({ path: 'manifest.json', content: small.manifest }), 'two files at'],
    ['no manifest', entriesOf(small).slice(0, -1), 'no "manifest.json"'],
    ['nothing', [], 'no "manifest.json"'],
    ['a missing blob', entriesOf(small).filter((_, index) => index !== 3), 'is missing'],
    [
      'a manifest of megabytes',
      [{ path: 'manifest.json', content: Buffer.alloc(5 * 1024 * 1024) }],
      'the manifest is longer',
    ],
    [
      'the manifest of an image',
      entriesOf(
        handMadeArtifact({
          layers: [{ content: Buffer.from('1') }],
          configType: 'application/vnd.oci.image.config.v1+json',
        }),
      ),
      'it is not a model',
    ],
    [
      'a docker save archive',
      [{ path: 'manifest.json', content: Buffer.from('[]') }],
      'is not a JSON object',
    ],
  ])('refuses an archive with %s and stores nothing under a name', async (_what, entries, message) => {
    const store = await bench.store();
    await expect(load(store, ...entries)).rejects.toThrow(message);
    expect(await store.list()).toEqual([]);
  });

  it('refuses an archive that is cut short, wherever the cut is, and takes the whole one afterwards', async () => {
    const store = await bench.store();
    const artifact = randomArtifact(20_000);
    const bytes = tarBytes(...entriesOf(artifact));
    for (let length = 0; length < bytes.length - 512; length += 1_777) {
      const cut = loadModel({ store, archive: inPieces(bytes.subarray(0, length)) });
      await expect(cut).rejects.toMatchObject({ name: 'FormatError' });
    }
    expect(await store.list()).toEqual([]);
    expect((await loadModel({ store, archive: inPieces(bytes) })).id).toBe(artifact.id);
  });

  it('ends with the reason of its signal and ends its stream', async () => {
    const store = await bench.store();
    const bytes = tarBytes(...entriesOf(randomArtifact(2_000_000)));
    const stop = new AbortController();
    let ended = false;
    async function* slow(): AsyncGenerator<Buffer> {
      try {
        for await (const piece of inPieces(bytes, 100_000)) {
          yield piece;
          stop.abort(new Error('nobody waits any more'));
        }
      } finally {
        ended = true;
      }
    }
    await expect(loadModel({ store, archive: slow(), signal: stop.signal })).rejects.toThrow('nobody waits');
    expect(ended).toBe(true);
    expect(await store.list()).toEqual([]);
  });

  it('leaves a whole store when its process is killed in the middle', async () => {
    const directory = await bench.folder();
    const artifact = randomArtifact(30_000_000, 1000);
    const bytes = tarBytes(...entriesOf(artifact));
    const script = new URL('../__fixtures__/load-in-child.mjs', import.meta.url).pathname;
    const child = spawn(process.execPath, [script, directory], { stdio: ['pipe', 'pipe', 'inherit'] });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.stdin.on('error', () => undefined);
    child.stdin.write(bytes.subarray(0, 20_000_000));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.kill('SIGKILL');
    await gone;

    const store = await ModelStore.open(directory);
    expect(await store.list()).toEqual([]);
    const { id } = await loadModel({ store, archive: inPieces(bytes, 65_536) });
    expect(id).toBe(artifact.id);
    expect(await readdir(join(directory, 'partial'))).toEqual([]);
  });
});

describe('a model with archives among its layers', () => {
  const DOCKER = 'application/vnd.docker.ai';
  const weights = { mediaType: `${DOCKER}.safetensors`, content: smallSafetensors() };
  const made = (content: Buffer, mediaType = `${DOCKER}.dir.tar`): Artifact =>
    handMadeArtifact({ layers: [weights, { mediaType, content }], config: { config: {} } });
  const stored = async (artifact: Artifact): Promise<{ store: ModelStore; id: string }> => {
    const store = await bench.store();
    return { store, id: (await storeArtifact(store, artifact, parseModelReference('ai/packed:1'))).id };
  };

  it('has what is in them in its folder', async () => {
    const archive = tarBytes(
      { path: 'voices/', type: '5' },
      { path: 'voices/one.bin', content: Buffer.from('voice') },
      { path: './config.json', content: Buffer.from('{}') },
    );
    const { store, id } = await stored(made(archive));
    const { directory } = await store.files(id);
    expect((await readdir(directory)).sort()).toEqual(['config.json', 'model.safetensors', 'voices']);
    expect(await readFile(join(directory, 'voices/one.bin'), 'utf8')).toBe('voice');
    expect((await store.files(id)).directory).toBe(directory);
  });

  it('may have its weights in one, compressed too', async () => {
    const packed = (bytes: Buffer, ending: string): Artifact =>
      handMadeArtifact({
        configType: MODELPACK_CONFIG,
        layers: [
          {
            mediaType: `application/vnd.cncf.model.weight.v1.${ending}`,
            content: bytes,
            annotations: { [FILE_PATH_ANNOTATION]: 'model.safetensors' },
          },
        ],
      });
    const archive = tarBytes({ path: 'model.safetensors', content: smallSafetensors() });
    for (const artifact of [packed(archive, 'tar'), packed(gzipSync(archive), 'tar+gzip')]) {
      const { store, id } = await stored(artifact);
      const files = await store.files(id);
      expect((await readFile(files.weights)).equals(smallSafetensors())).toBe(true);
    }
    const elsewhere = await stored(packed(tarBytes({ path: 'other' }), 'tar'));
    await expect(elsewhere.store.files(elsewhere.id)).rejects.toThrow(
      'do not hold the file "model.safetensors"',
    );
    const damaged = await stored(packed(Buffer.from('no gzip at all'), 'tar+gzip'));
    await expect(damaged.store.files(damaged.id)).rejects.toThrow('compressed archive is damaged');
    const bomb = await stored(
      packed(gzipSync(tarBytes({ path: 'zeros', content: Buffer.alloc(80 * 1024 * 1024) })), 'tar+gzip'),
    );
    await expect(bomb.store.files(bomb.id)).rejects.toThrow('more than 100 times its size');
  });

  it.each<[string, HandMadeEntry[], string]>([
    ['leads out of its folder', [{ path: '../../../../../evil' }], 'not a plain relative path'],
    ['is a link', [{ path: 'link', type: '2' }], 'a link'],
    ['replaces its weights', [{ path: 'model.safetensors' }], 'in the way of another file'],
    ['wants a folder where a file is', [{ path: 'model.safetensors/x' }], 'in the way of another file'],
    ['wants a file where a folder is', [{ path: 'a/b' }, { path: 'a' }], 'in the way of another file'],
  ])('is refused when an entry %s, and leaves nothing behind', async (_what, entries, message) => {
    const { store, id } = await stored(made(tarBytes(...entries)));
    await expect(store.files(id)).rejects.toThrow(message);
    await expect(store.files(id)).rejects.toMatchObject({ name: 'FormatError' });
    expect(await readdir(join(store.directory, 'bundles/sha256'))).toEqual([]);
  });
});
