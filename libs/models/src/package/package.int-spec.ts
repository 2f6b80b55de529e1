import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseModelReference } from '#contracts';
import { fixtureModel, storeArtifact } from '#testing';
import { GgufBytes } from '../__fixtures__/gguf-bytes.js';
import { safetensorsBytes, smallSafetensors } from '../__fixtures__/safetensors-bytes.js';
import { Workbench } from '../__fixtures__/workbench.js';
import { parseManifest } from '../formats/manifest.js';
import { packageGguf } from './package-gguf.js';
import { packageSafetensors } from './package-safetensors.js';
import { repackageModel } from './repackage-model.js';

const created = new Date('2026-01-01T00:00:00Z');
let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.start();
});
afterAll(() => bench.stop());

/** A folder with these files. */
async function folderWith(files: Readonly<Record<string, Buffer | string>>): Promise<string> {
  const folder = await bench.folder();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

function shard(number: number, count: number): Buffer {
  return GgufBytes.header(1n, 3n)
    .textKey('general.architecture', 'llama')
    .u32Key('split.no', number)
    .u32Key('split.count', count)
    .tensor(`blk.${number}.weight`, [1000n])
    .raw(Buffer.alloc(1100, number))
    .bytes();
}

const nameOf = (number: number, count: number): string =>
  `m-${String(number + 1).padStart(5, '0')}-of-${String(count).padStart(5, '0')}.gguf`;

describe('packageGguf', () => {
  it('gives the same model for the same files, and another for another date or context size', async () => {
    const file = await fixtureModel('scripted');
    const first = await packageGguf({ file, created });
    expect((await packageGguf({ file, created })).manifest).toEqual(first.manifest);
    const others = [
      await packageGguf({ file, created: new Date(0) }),
      await packageGguf({ file, created, contextSize: 512 }),
    ];
    expect(new Set([first, ...others].map(({ id }) => id)).size).toBe(3);
  });

  it('takes a projector, a template, licences and a context size along', async () => {
    const [file, projector] = [await fixtureModel('scripted'), await fixtureModel('embedding')];
    const folder = await folderWith({ t: '{{ messages }}', one: 'MIT', two: 'Apache' });
    const artifact = await packageGguf({
      file,
      projector,
      chatTemplate: join(folder, 't'),
      license: [join(folder, 'one'), join(folder, 'two')],
      contextSize: 1234,
      created,
    });
    const store = await bench.store();
    const model = await storeArtifact(store, artifact, parseModelReference('ai/whole:1'));
    expect(model.config.context_size).toBe(1234);
    expect(model.manifest.layers.map(({ mediaType }) => mediaType.split('.').at(-1))).toEqual([
      'v3',
      'mmproj',
      'jinja',
      'license',
      'license',
    ]);
    const files = await store.files(model.id);
    expect((await readFile(files.projector ?? '')).equals(await readFile(projector))).toBe(true);
    expect(await readFile(files.chatTemplate ?? '', 'utf8')).toBe('{{ messages }}');
  });

  it('finds all shards whichever is named, and an engine gets the first', async () => {
    const shards = Object.fromEntries([0, 1, 2].map((number) => [nameOf(number, 3), shard(number, 3)]));
    const folder = await folderWith(shards);
    const ids = await Promise.all(
      [0, 2].map(
        async (number) => (await packageGguf({ file: join(folder, nameOf(number, 3)), created })).id,
      ),
    );
    expect(ids[0]).toBe(ids[1]);
    const store = await bench.store();
    const artifact = await packageGguf({ file: join(folder, nameOf(1, 3)), created });
    const { id, config } = await storeArtifact(store, artifact);
    expect(config.parameters).toBe('3.00 K');
    const { weights } = await store.files(id);
    expect(weights).toMatch(/model-00001-of-00003\.gguf$/);
    expect((await readFile(weights)).equals(shard(0, 3))).toBe(true);
  });

  it('refuses shards that are missing or in each other’s place, and sizes that are none', async () => {
    const folder = await folderWith({ [nameOf(0, 3)]: shard(0, 3), [nameOf(2, 3)]: shard(2, 3) });
    const file = join(folder, nameOf(0, 3));
    await expect(packageGguf({ file, created })).rejects.toThrow(
      'of which "m-00002-of-00003.gguf" is not in',
    );
    const mixed = await folderWith({ [nameOf(0, 2)]: shard(1, 2), [nameOf(1, 2)]: shard(0, 2) });
    await expect(packageGguf({ file: join(mixed, nameOf(0, 2)), created })).rejects.toThrow(
      'should be shard 1 of 2 is shard 2 of 2',
    );
    for (const contextSize of [0, -1, 1.5, 2 ** 31, Number.NaN]) {
      await expect(packageGguf({ file, created, contextSize })).rejects.toThrow(
        'not a whole number of tokens',
      );
    }
    const text = join(await folderWith({ 'model.gguf': 'text' }), 'model.gguf');
    await expect(packageGguf({ file: text, created })).rejects.toThrow('not a GGUF file');
    const projector = { file: await fixtureModel('scripted'), projector: text, created };
    await expect(packageGguf(projector)).rejects.toThrow('not a GGUF file');
  });

  it('ends with the reason of its signal', async () => {
    const file = await fixtureModel('random');
    const signal = AbortSignal.abort(new Error('nobody waits any more'));
    await expect(packageGguf({ file, created, signal })).rejects.toThrow('nobody waits any more');
  });
});

describe('packageSafetensors', () => {
  const whole = {
    'config.json': JSON.stringify({ architectures: ['LlamaForCausalLM'], max_position_embeddings: 2048 }),
    'model-00001-of-00002.safetensors': smallSafetensors(),
    'model-00002-of-00002.safetensors': smallSafetensors(),
    'tokenizer.json': '{}',
    'chat_template.jinja': '{{ messages }}',
    LICENSE: 'MIT',
    'encoder/config.json': '{}',
    'empty.txt': '',
    '.git/HEAD': 'hidden',
    '.gitattributes': 'hidden',
  };

  it('packs every file of a folder under its path, and they come back so', async () => {
    const directory = await folderWith(whole);
    const artifact = await packageSafetensors({ directory, created, contextSize: 1024 });
    const again = await packageSafetensors({
      directory: await folderWith(whole),
      created,
      contextSize: 1024,
    });
    expect(again.manifest).toEqual(artifact.manifest);
    await bench.push(artifact, 'package/safetensors:1');
    const store = await bench.store();
    const { model } = await bench.pull(store, 'package/safetensors:1');
    expect(model).toMatchObject({
      id: artifact.id,
      config: {
        format: 'safetensors',
        architecture: 'LlamaForCausalLM',
        parameters: '3.00 K',
        quantization: 'BF16',
        context_size: 1024,
      },
    });
    const files = await store.files(model.id);
    expect(files.weights).toBe(join(files.directory, 'model-00001-of-00002.safetensors'));
    expect(files.chatTemplate).toBe(join(files.directory, 'chat_template.jinja'));
    for (const [path, content] of Object.entries(whole).filter(([name]) => !name.startsWith('.'))) {
      expect((await readFile(join(files.directory, path))).equals(Buffer.from(content))).toBe(true);
    }
    await expect(readFile(join(files.directory, '.gitattributes'))).rejects.toThrow('ENOENT');
  });

  it('follows links to files, as download caches have them', async () => {
    const [blobs, directory] = [await folderWith({ blob: smallSafetensors() }), await bench.folder()];
    await symlink(join(blobs, 'blob'), join(directory, 'model.safetensors'));
    await symlink(blobs, join(directory, 'folder'));
    const artifact = await packageSafetensors({ directory, created });
    const plain = await packageSafetensors({
      directory: await folderWith({ 'model.safetensors': smallSafetensors() }),
      created,
    });
    expect(artifact.id).toBe(plain.id);
  });

  it('refuses a folder without weights, or with weights that are none', async () => {
    const empty = await folderWith({ 'config.json': '{}' });
    await expect(packageSafetensors({ directory: empty, created })).rejects.toThrow('no safetensors files');
    const damaged = await folderWith({ 'a/model.safetensors': safetensorsBytes({}, 0, 1n << 60n) });
    await expect(packageSafetensors({ directory: damaged, created })).rejects.toThrow(
      '"a/model.safetensors" cannot be used',
    );
    const text = await folderWith({ ...whole, 'config.json': 'text' });
    await expect(packageSafetensors({ directory: text, created })).rejects.toThrow(
      '"config.json" is not JSON',
    );
  });
});

describe('repackageModel', () => {
  it('gives another context size to a second model that shares every layer', async () => {
    const store = await bench.store();
    const artifact = await packageGguf({ file: await fixtureModel('scripted'), created });
    const source = await storeArtifact(store, artifact, parseModelReference('ai/source:1'));
    const target = parseModelReference('ai/target:1');
    const model = await repackageModel({ store, id: source.id, target, contextSize: 321 });
    expect(model.id).not.toBe(source.id);
    expect(model).toMatchObject({
      tags: ['docker.io/ai/target:1'],
      created: source.created,
      config: { ...source.config, context_size: 321 },
    });
    expect(model.manifest.layers).toEqual(source.manifest.layers);
    const again = await repackageModel({ store, id: source.id, target, contextSize: 321 });
    expect(again.id).toBe(model.id);

    await store.remove(source.id);
    const files = await store.files(model.id);
    const original = await readFile(await fixtureModel('scripted'));
    expect((await readFile(files.weights)).equals(original)).toBe(true);
  });

  it('keeps what it does not know in the config document and the manifest', async () => {
    const store = await bench.store();
    const artifact = await packageGguf({ file: await fixtureModel('embedding'), created });
    const annotated = JSON.stringify({
      ...(JSON.parse(artifact.manifest.toString()) as object),
      annotations: { 'org.example.note': 'kept' },
    });
    await storeArtifact(store, artifact);
    const source = await store.put({ manifest: Buffer.from(annotated) });
    const target = parseModelReference('ai/annotated:1');
    const { id } = await repackageModel({ store, id: source.id, target, contextSize: 64 });
    const { manifest } = await store.artifact(id);
    expect(JSON.parse(manifest.toString())).toMatchObject({ annotations: { 'org.example.note': 'kept' } });
    expect(parseManifest(manifest).layers).toEqual(source.manifest.layers);
  });

  it('refuses a model that is not there and a size that is none', async () => {
    const store = await bench.store();
    const target = parseModelReference('ai/nothing:1');
    const id = `sha256:${'0'.repeat(64)}`;
    await expect(repackageModel({ store, id, target, contextSize: 64 })).rejects.toMatchObject({
      reason: 'not-found',
    });
    await expect(repackageModel({ store, id, target, contextSize: 0 })).rejects.toThrow('context size 0');
  });
});
