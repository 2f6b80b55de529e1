import { describe, expect, it } from 'vitest';
import { chooseSafetensors, readSafetensorsIndex } from './choose-safetensors.js';
import type { HubFile } from './hub-file.js';

const files = (...paths: string[]): HubFile[] =>
  paths.map((path) => ({ path, size: 1, gitObject: '0'.repeat(40) }));

function choose(paths: string[], indexed?: string[]) {
  const { weights, companions } = chooseSafetensors(files(...paths), indexed, 'org/repo');
  return { weights: weights.map(({ path }) => path), companions: companions.map(({ path }) => path) };
}

describe('choosing the files of a safetensors repository', () => {
  it('takes weights, configuration, tokenizer, template and licence, and leaves everything else', () => {
    const needed = [
      'LICENSE',
      'chat_template.jinja',
      'config.json',
      'generation_config.json',
      'merges.txt',
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer.model',
      'tokenizer_config.json',
      'vocab.json',
    ];
    const left = [
      '.gitattributes',
      'README.md',
      'modeling_x.py',
      'onnx/model.onnx',
      'original/consolidated.00.pth',
      'pytorch_model.bin',
      'pytorch_model.bin.index.json',
      'trainer_state.json',
      'training_args.bin',
      'model.fp16.safetensors',
      'figures/benchmark.png',
    ];
    expect(choose(['model.safetensors', ...left, ...needed])).toEqual({
      weights: ['model.safetensors'],
      companions: needed,
    });
  });

  it('takes the shards that the index names and the index, and no second copy of the weights', () => {
    const index = {
      weight_map: {
        a: 'model-00001-of-00002.safetensors',
        b: 'model-00002-of-00002.safetensors',
        c: 'model-00001-of-00002.safetensors',
      },
    };
    const shards = readSafetensorsIndex(index);
    const others = ['config.json', 'model.safetensors.index.json'];
    expect(
      choose(
        ['consolidated.safetensors', 'consolidated.safetensors.index.json', ...shards, ...others],
        shards,
      ),
    ).toEqual({ weights: shards, companions: others });
  });

  it('takes the modules of a sentence-embedding model', () => {
    const modules = ['1_Pooling/config.json', '2_Dense/config.json', '2_Dense/model.safetensors'];
    const { companions } = choose([
      'model.safetensors',
      'config.json',
      'modules.json',
      ...modules,
      'logs/x.json',
    ]);
    expect(companions).toEqual([...modules, 'config.json', 'modules.json']);
  });

  it.each([
    [['config.json', 'consolidated.safetensors'], ['consolidated.safetensors']],
    [
      ['config.json', 'm-00002-of-00002.safetensors', 'm-00001-of-00002.safetensors'],
      ['m-00001-of-00002.safetensors', 'm-00002-of-00002.safetensors'],
    ],
  ])('without an index takes of %j the weights %j', (paths, weights) => {
    expect(choose(paths).weights).toEqual(weights);
  });

  it.each([
    [['model.safetensors'], 'it has no config.json'],
    [['config.json', 'pytorch_model.bin'], 'it has no GGUF or safetensors weights'],
    [['config.json', 'unet/model.safetensors'], 'it has no GGUF or safetensors weights'],
    [
      ['config.json', 'a.safetensors', 'b.safetensors'],
      'several sets of weights (a.safetensors, b.safetensors)',
    ],
    [['config.json', 'm-00001-of-00002.safetensors'], 'it has 1 of 2 files of weights'],
  ])('refuses %j: %s', (paths, message) => {
    expect(() => choose(paths)).toThrow(message);
  });

  it('refuses an index that names a file that is not there, or none of the kind', () => {
    expect(() => choose(['config.json'], ['model-00001-of-00001.safetensors'])).toThrow('which is not there');
    expect(() => choose(['config.json', 'x.py'], ['x.py'])).toThrow('which is not there');
  });

  it.each([{}, { weight_map: [] }, { weight_map: { a: 1 } }])('refuses the index %j', (index) => {
    expect(() => readSafetensorsIndex(index)).toThrow('"weight_map"');
  });
});
