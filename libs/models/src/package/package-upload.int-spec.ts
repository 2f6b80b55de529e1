import { randomBytes } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseModelReference } from '#contracts';
import { makeTemporaryFolder, type TemporaryFolder, storeArtifact } from '#testing';
import { smallGguf } from '../__fixtures__/gguf-bytes.js';
import { handMadeArtifact } from '../__fixtures__/hand-made-artifact.js';
import { smallSafetensors } from '../__fixtures__/safetensors-bytes.js';
import { type HandMadeEntry, inPieces, tarBytes } from '../__fixtures__/tar-bytes.js';
import { loadModel } from '../archive/load-model.js';
import { ModelStore } from '../store/model-store.js';
import { type PackageUpload, packageUpload } from './package-upload.js';

const reference = parseModelReference('ai/mine:1');
const created = new Date('2026-01-01T00:00:00Z');
const KIBIBYTE = 1024;
let folder: TemporaryFolder;
let store: ModelStore;

beforeEach(async () => {
  folder = await makeTemporaryFolder('package-upload');
  store = await ModelStore.open(folder.path);
});
afterEach(() => folder.remove());

const send = (bytes: Buffer, more: Partial<PackageUpload> = {}) =>
  packageUpload({
    store,
    body: inPieces(bytes),
    size: bytes.length,
    archive: false,
    reference,
    created,
    signal: new AbortController().signal,
    ...more,
  });

const sendTar = (...entries: HandMadeEntry[]) => send(tarBytes(...entries), { archive: true });

const layersOf = async (id: string): Promise<string[]> => {
  const { manifest } = await store.artifact(id);
  const { layers } = JSON.parse(manifest.toString()) as { layers: { mediaType: string }[] };
  return layers.map(({ mediaType }) => mediaType.replace('application/vnd.docker.ai.', ''));
};

async function expectNothingLeft(): Promise<void> {
  expect(await readdir(join(folder.path, 'staging'))).toEqual([]);
  expect(await readdir(join(folder.path, 'reservations'))).toEqual([]);
}

describe('a model that comes as files', () => {
  it('is one GGUF file, with the context size that was asked for', async () => {
    const model = await send(smallGguf(), { contextSize: 512 });
    expect(model).toMatchObject({
      tags: ['docker.io/ai/mine:1'],
      config: { format: 'gguf', context_size: 512 },
    });
    expect(await store.verify(model.id)).toEqual([]);
    expect(await store.holds(model.id)).toBe(true);
    await expectNothingLeft();
  });

  it('is an archive of GGUF weights with a projector, a template and a licence, in a folder or not', async () => {
    const files = (prefix: string): HandMadeEntry[] => [
      { path: `${prefix}weights.gguf`, content: smallGguf() },
      { path: `${prefix}mmproj-f16.gguf`, content: smallGguf() },
      { path: `${prefix}chat.jinja`, content: Buffer.from('{{ messages }}') },
      { path: `${prefix}LICENSE`, content: Buffer.from('Do as you like.') },
    ];
    const flat = await sendTar(...files(''));
    const nested = await sendTar(...files('my-model/'));
    expect(nested.id).toBe(flat.id);
    const layers = await layersOf(flat.id);
    expect(layers.toSorted()).toEqual(['chat.template.jinja', 'gguf.v3', 'license', 'mmproj']);
    await expectNothingLeft();
  });

  it('is an archive of a folder of safetensors', async () => {
    const model = await sendTar(
      { path: 'config.json', content: Buffer.from('{"model_type":"llama"}') },
      { path: 'model.safetensors', content: smallSafetensors() },
    );
    expect(model.config.format).toBe('safetensors');
    await expectNothingLeft();
  });

  it.each([
    ['no model', [{ path: 'readme.txt', content: Buffer.from('hello') }], 'there is neither a GGUF file nor'],
    [
      'two models',
      [
        { path: 'a.gguf', content: smallGguf() },
        { path: 'b.gguf', content: Buffer.concat([smallGguf(), Buffer.alloc(1)]) },
      ],
      'there are several models in it: a.gguf, b.gguf',
    ],
    ['a path that leads out', [{ path: '../a.gguf', content: smallGguf() }], '"../a.gguf"'],
    ['a link', [{ path: 'a.gguf', type: '2' }], 'a.gguf'],
    ['weights that are none', [{ path: 'a.gguf', content: Buffer.from('not at all GGUF') }], 'GGUF'],
    [
      'two templates',
      [
        { path: 'a.gguf', content: smallGguf() },
        { path: 'a.jinja', content: Buffer.from('a') },
        { path: 'b.jinja', content: Buffer.from('b') },
      ],
      'there are several chat templates in it: a.jinja, b.jinja',
    ],
  ])('is refused when it is %s, and nothing of it stays', async (_what, entries, message) => {
    await expect(sendTar(...entries)).rejects.toThrow(message);
    expect((await store.usage()).total).toBe(0);
    await expectNothingLeft();
  });

  it('is refused when its sender breaks off, sends more than was said, or wants no context', async () => {
    const bytes = smallGguf();
    await expect(send(bytes, { size: bytes.length + 1 })).rejects.toThrow('it is cut short');
    await expect(send(bytes, { size: bytes.length - 1 })).rejects.toThrow('longer than its sender said');
    await expect(send(bytes, { contextSize: 0 })).rejects.toThrow('the context size 0');
    await expect(send(bytes, { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
    await expectNothingLeft();
  });

  it('is refused before its first byte when the quota is too small', async () => {
    const small = await ModelStore.open(folder.path, { quota: 4 * KIBIBYTE });
    let read = false;
    async function* body(): AsyncGenerator<Buffer> {
      read = true;
      yield Buffer.alloc(8 * KIBIBYTE);
    }
    await expect(send(Buffer.alloc(8 * KIBIBYTE), { store: small, body: body() })).rejects.toMatchObject({
      reason: 'no-room',
      message: expect.stringContaining('quota of 4.00 KiB') as string,
    });
    expect(read).toBe(false);
  });

  it('leaves nothing when its worker was killed in the middle', async () => {
    await mkdir(join(folder.path, 'staging', 'of-a-dead-process', 'deep'), { recursive: true });
    expect((await store.collect()).files).toBe(1);
    await expectNothingLeft();
  });
});

describe('an archive that does not fit', () => {
  const artifact = handMadeArtifact({ layers: [{ content: randomBytes(64 * KIBIBYTE) }] });
  const archive = tarBytes(
    ...artifact.blobs.map(({ descriptor, content }) => ({
      path: `blobs/sha256/${descriptor.digest.slice(7)}`,
      content: content as Buffer,
    })),
    { path: 'manifest.json', content: artifact.manifest },
  );
  const load = (into: ModelStore) =>
    loadModel({ store: into, archive: inPieces(archive), size: archive.length });

  it('is refused with a sentence, and what nobody needs makes room for one that does', async () => {
    const small = await ModelStore.open(folder.path, { quota: 32 * KIBIBYTE });
    await expect(load(small)).rejects.toMatchObject({
      reason: 'no-room',
      message: expect.stringMatching(/needs 64\.00 KiB, .* of its quota of 32\.00 KiB is free/) as string,
    });
    expect((await small.usage()).total).toBeLessThan(32 * KIBIBYTE);
    const large = await ModelStore.open(folder.path, { quota: 100 * KIBIBYTE });
    const leftover = handMadeArtifact({ layers: [{ content: randomBytes(50 * KIBIBYTE) }] });
    await storeArtifact(large, leftover, reference);
    await expect(load(large)).rejects.toMatchObject({ reason: 'no-room' });
    await large.untag(reference.name, { keepModel: true });
    await large.remove(leftover.id);
    expect((await load(large)).id).toBe(artifact.id);
  });
});
