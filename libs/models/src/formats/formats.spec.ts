import { describe, expect, it } from 'vitest';
import { handMadeArtifact, type HandMadeArtifact } from '../__fixtures__/hand-made-artifact.js';
import { parseManifest } from './manifest.js';
import {
  DOCKER_CONFIG_V01,
  DOCKER_CONFIG_V02,
  FILE_PATH_ANNOTATION,
  MODELPACK_CONFIG,
} from './media-types.js';
import { planBundle, type BundlePlan } from './plan-bundle.js';
import { printBytes, printCount } from './print-quantity.js';
import { readModelConfig } from './read-model-config.js';

const content = Buffer.from('bytes');
const DOCKER = 'application/vnd.docker.ai';

function plan(made: HandMadeArtifact): BundlePlan {
  return planBundle(parseManifest(handMadeArtifact(made).manifest));
}

function planPaths(...paths: string[]): BundlePlan {
  const layers = paths.map((path) => ({
    mediaType: `${DOCKER}.model.file`,
    content: Buffer.from(path),
    annotations: { [FILE_PATH_ANNOTATION]: path },
  }));
  return plan({ configType: DOCKER_CONFIG_V02, layers });
}

describe('planBundle', () => {
  it('names the files of a v0.1 artifact by their layer types and leaves the licence out', () => {
    const { files, ...rest } = plan({
      layers: [
        { content },
        { mediaType: `${DOCKER}.license`, content },
        { mediaType: `${DOCKER}.mmproj`, content },
        { mediaType: `${DOCKER}.chat.template.jinja`, content },
      ],
    });
    expect(files.map((file) => file.path)).toEqual(['model.gguf', 'model.mmproj', 'template.jinja']);
    expect(rest).toEqual({
      format: 'gguf',
      archives: [],
      weights: 'model.gguf',
      projector: 'model.mmproj',
      chatTemplate: 'template.jinja',
    });
  });

  it('points at the first of several shards', () => {
    const shards = ['a', 'b', 'c'].map((text) => ({ content: Buffer.from(text) }));
    const bundle = plan({ layers: shards });
    expect(bundle.files.map((file) => file.path)).toEqual([
      'model-00001-of-00003.gguf',
      'model-00002-of-00003.gguf',
      'model-00003-of-00003.gguf',
    ]);
    expect(bundle.weights).toBe('model-00001-of-00003.gguf');
  });

  it('takes the paths of v0.2 and ModelPack artifacts from their annotations', () => {
    const bundle = planPaths(
      'config.json',
      'model-00002-of-00002.safetensors',
      'model-00001-of-00002.safetensors',
    );
    expect(bundle).toMatchObject({ format: 'safetensors', weights: 'model-00001-of-00002.safetensors' });
    const pack = plan({
      configType: MODELPACK_CONFIG,
      layers: [
        {
          mediaType: 'application/vnd.cncf.model.weight.v1.raw',
          content,
          annotations: { [FILE_PATH_ANNOTATION]: 'weights/model.gguf' },
        },
      ],
    });
    expect(pack).toMatchObject({ format: 'gguf', weights: 'weights/model.gguf' });
  });

  it.each([
    '../outside.gguf',
    '/etc/outside.gguf',
    'a/../../outside.gguf',
    'a//b.gguf',
    './model.gguf',
    '',
    'a/',
    'with\u0000zero.gguf',
    'C:\\outside.gguf',
    `${'a/'.repeat(600)}model.gguf`,
    `${'a'.repeat(256)}.gguf`,
  ])('refuses the hostile file path %j', (path) => {
    expect(() => planPaths(path)).toThrow('is not a plain relative path');
  });

  it('refuses two layers at one path, and a path that is both a file and a folder', () => {
    expect(() => planPaths('model.gguf', 'other.gguf', 'model.gguf')).toThrow(
      'claim the file path "model.gguf"',
    );
    expect(() => planPaths('a/model.gguf', 'a')).toThrow('"a" is both a file and a folder');
    expect(() =>
      plan({
        layers: [
          { content },
          ...['1', '2'].map((text) => ({ mediaType: `${DOCKER}.mmproj`, content: Buffer.from(text) })),
        ],
      }),
    ).toThrow('claim the file path "model.mmproj"');
  });

  it('unpacks archives beside the files of every format', () => {
    const [folder, settings] = [Buffer.from('folder'), Buffer.from('settings')];
    const safetensors = { mediaType: `${DOCKER}.safetensors`, content };
    const old = plan({
      layers: [
        safetensors,
        { mediaType: `${DOCKER}.vllm.config.tar`, content: settings },
        { mediaType: `${DOCKER}.dir.tar`, content: folder },
      ],
    });
    expect(old.files.map((file) => file.path)).toEqual(['model.safetensors']);
    expect(old.archives).toMatchObject([
      { size: settings.length, gzip: false },
      { size: folder.length, gzip: false },
    ]);
    const pack = plan({
      configType: MODELPACK_CONFIG,
      layers: [
        {
          mediaType: 'application/vnd.cncf.model.weight.v1.tar+gzip',
          content,
          annotations: { [FILE_PATH_ANNOTATION]: 'weights/model.gguf' },
        },
      ],
    });
    expect(pack).toMatchObject({ format: 'gguf', files: [], archives: [{ gzip: true }] });
    expect(pack.weights).toBe('weights/model.gguf');
  });

  it('refuses what is not a model, has no weights or has layers it does not know', () => {
    const imageConfig = 'application/vnd.oci.image.config.v1+json';
    expect(() => plan({ configType: imageConfig, layers: [{ content }] })).toThrow(`"${imageConfig}"`);
    expect(() => planPaths('README.md')).toThrow('no GGUF or safetensors weights');
    const lora = `${DOCKER}.gguf.v3.lora`;
    expect(() => plan({ layers: [{ content }, { mediaType: lora, content }] })).toThrow(lora);
    const zstd = 'application/vnd.cncf.model.weight.v1.tar+zstd';
    expect(() => plan({ configType: MODELPACK_CONFIG, layers: [{ mediaType: zstd, content }] })).toThrow(
      `"${zstd}", which is not supported`,
    );
  });
});

describe('parseManifest', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const good = { mediaType: DOCKER_CONFIG_V01, digest, size: 1 };

  it.each([
    ['text', 'not JSON', 'is not JSON'],
    ['an array', [], 'is not a JSON object'],
    [
      'an index',
      { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json' },
      'index of several',
    ],
    ['schema 1', { schemaVersion: 1 }, 'schema version 2'],
    ['no layers', { schemaVersion: 2, config: good, layers: [] }, 'no layers'],
    ['no config', { schemaVersion: 2, layers: [good] }, 'config is not a descriptor'],
    [
      'a digest that is a path',
      { schemaVersion: 2, config: good, layers: [{ ...good, digest: 'sha256:../../x' }] },
      'layers[0] has no SHA-256',
    ],
    [
      'a negative size',
      { schemaVersion: 2, config: good, layers: [{ ...good, size: -1 }] },
      'layers[0] has no valid size',
    ],
    [
      'a huge config',
      { schemaVersion: 2, config: { ...good, size: 1e9 }, layers: [good] },
      'config document is longer',
    ],
  ])('refuses %s', (_what, document, message) => {
    const bytes = Buffer.from(typeof document === 'string' ? document : JSON.stringify(document));
    expect(() => parseManifest(bytes)).toThrow(message);
  });
});

describe('readModelConfig', () => {
  const read = (document: object, type = DOCKER_CONFIG_V01 as string) =>
    readModelConfig(Buffer.from(JSON.stringify(document)), type);

  it('reads a Docker document as it stands', () => {
    const config = {
      format: 'gguf',
      quantization: 'Q4_K_M',
      parameters: '361.82M',
      architecture: 'llama',
      size: '256.35MiB',
      gguf: { 'general.architecture': 'llama' },
      context_size: 8192,
    };
    expect(read({ config, descriptor: { created: '2025-03-24T11:49:41Z' } })).toEqual({
      config,
      created: 1742816981,
    });
  });

  it('shows a ModelPack document in the same shape', () => {
    const document = {
      descriptor: { createdAt: '2025-03-24T11:49:41Z', family: 'llama' },
      modelfs: { type: 'layers', diffIds: [] },
      config: { architecture: 'transformer', format: 'gguf', paramSize: '8B', quantization: 'Q4_K_M' },
    };
    expect(read(document, MODELPACK_CONFIG)).toEqual({
      created: 1742816981,
      config: { format: 'gguf', parameters: '8B', architecture: 'llama', quantization: 'Q4_K_M' },
    });
  });

  it('treats members of the wrong type as absent and refuses what is no document', () => {
    const odd = { format: 'exe', parameters: 7, gguf: { a: 1, b: 'two' }, context_size: -5 };
    expect(read({ config: odd, descriptor: { created: 'yesterday' } })).toEqual({
      config: { gguf: { b: 'two' } },
      created: 0,
    });
    expect(read({})).toEqual({ config: {}, created: 0 });
    expect(() => read({ config: 'text' })).toThrow('"config" that is not an object');
    expect(() => readModelConfig(Buffer.from('{'), DOCKER_CONFIG_V01)).toThrow('not JSON');
  });
});

describe('printBytes and printCount', () => {
  it('print two decimals and a unit', () => {
    expect([0, 999, 1024, 268_802_457, 1024 ** 3 - 1].map(printBytes)).toEqual([
      '0 B',
      '999 B',
      '1.00 KiB',
      '256.35 MiB',
      '1.00 GiB',
    ]);
    expect([0, 999, 361_821_120, 8_030_261_248, 999_999].map(printCount)).toEqual([
      '0',
      '999',
      '361.82 M',
      '8.03 B',
      '1.00 M',
    ]);
  });
});
