import { describe, expect, it } from 'vitest';
import { chooseGguf } from './choose-gguf.js';
import { chooseProjector } from './choose-projector.js';
import { groupGguf } from './gguf-groups.js';
import type { HubFile } from './hub-file.js';
import { quantizationLabel } from './quantization-label.js';

const files = (...paths: string[]): HubFile[] =>
  paths.map((path) => ({ path, size: 1, gitObject: '0'.repeat(40) }));

const choose = (tag: string, ...paths: string[]): string[] =>
  chooseGguf(groupGguf(files(...paths)), tag, 'org/repo').files.map(({ path }) => path);

const shards = (stem: string, total: number): string[] =>
  Array.from({ length: total }, (_, index) => {
    const number = String(index + 1).padStart(5, '0');
    return `${stem}-${number}-of-${String(total).padStart(5, '0')}.gguf`;
  });

/** One file a quantization, as most repositories have them. */
const USUAL = ['Q2_K', 'Q3_K_L', 'Q4_0', 'Q4_K_M', 'Q4_K_S', 'Q5_K_M', 'Q6_K', 'Q6_K_L', 'Q8_0', 'f16'].map(
  (label) => `Llama-3.2-3B-Instruct-${label}.gguf`,
);

/** Dynamic quantizations beside plain ones, large ones in folders. */
const DYNAMIC = [
  'Qwen3-235B-A22B-Q2_K.gguf',
  'Qwen3-235B-A22B-UD-IQ1_S.gguf',
  ...shards('Q4_K_M/Qwen3-235B-A22B-Q4_K_M', 3),
  ...shards('UD-Q4_K_XL/Qwen3-235B-A22B-UD-Q4_K_XL', 3),
  ...shards('BF16/Qwen3-235B-A22B-BF16', 10),
  'imatrix_unsloth.gguf',
];

describe('the quantization in a file name', () => {
  it.each([
    ['Llama-3.2-1B-Instruct-Q4_K_M', 'Q4_K_M'],
    ['llama-2-7b-chat.Q5_K_S', 'Q5_K_S'],
    ['qwen2.5-7b-instruct-q4_k_m', 'Q4_K_M'],
    ['qwen2.5-7b-instruct-fp16', 'FP16'],
    ['gemma-3-4b-it-IQ2_XXS', 'IQ2_XXS'],
    ['gemma-3-4b-it-qat-q4_0', 'Q4_0'],
    ['Model.i1-IQ3_XS', 'IQ3_XS'],
    ['Model-IQ4_NL', 'IQ4_NL'],
    ['Model-Q4_0_4_8', 'Q4_0_4_8'],
    ['Model-UD-Q4_K_XL', 'UD-Q4_K_XL'],
    ['Model-UD-IQ1_M', 'UD-IQ1_M'],
    ['Model-Q3_K_XL', 'Q3_K_XL'],
    ['Model-Q6_K', 'Q6_K'],
    ['Model-BF16', 'BF16'],
    ['gpt-oss-20b-mxfp4', 'MXFP4'],
    ['Model-MXFP4_MOE', 'MXFP4_MOE'],
    ['Falcon-E-TQ2_0', 'TQ2_0'],
    ['DeepSeek-IQ4_KS', 'IQ4_KS'],
    ['DeepSeek-IQ4_K_R4', 'IQ4_K_R4'],
    ['ggml-model-q8', 'Q8'],
    ['model_Q4_K_v2', 'Q4_K'],
    ['Model-Q4_K_M-imat', 'Q4_K_M'],
    ['BF16/Model', 'BF16'],
    ['Q8_0/Model-Q4_K_M', 'Q4_K_M'],
    ['Qwen2.5-Q-large', undefined],
    ['Phi-4K-instruct', undefined],
    ['model', undefined],
  ])('of %s is %s', (path, label) => {
    expect(quantizationLabel(path)).toBe(label);
  });
});

describe('choosing a GGUF model by its quantization', () => {
  it.each([
    ['Q8_0', 'Llama-3.2-3B-Instruct-Q8_0.gguf'],
    ['q4_k_m', 'Llama-3.2-3B-Instruct-Q4_K_M.gguf'],
    ['Q6_K', 'Llama-3.2-3B-Instruct-Q6_K.gguf'],
    ['Q6_K_L', 'Llama-3.2-3B-Instruct-Q6_K_L.gguf'],
    ['F16', 'Llama-3.2-3B-Instruct-f16.gguf'],
    ['latest', 'Llama-3.2-3B-Instruct-Q4_K_M.gguf'],
    ['main', 'Llama-3.2-3B-Instruct-Q4_K_M.gguf'],
    ['Llama-3.2-3B-Instruct-Q5_K_M', 'Llama-3.2-3B-Instruct-Q5_K_M.gguf'],
    ['Llama-3.2-3B-Instruct-Q5_K_M.gguf', 'Llama-3.2-3B-Instruct-Q5_K_M.gguf'],
  ])('takes for %s the file %s', (tag, path) => {
    expect(choose(tag, ...USUAL)).toEqual([path]);
  });

  it.each(['Q4', 'Q4_K', 'Q5_K', 'IQ4_XS', 'UD-Q4_K_M', 'Llama-3.2-3B'])(
    'does not guess what %s may mean, and lists what there is',
    (tag) => {
      expect(() => choose(tag, ...USUAL)).toThrow(
        `org/repo has no ${tag}. It has F16, Q2_K, Q3_K_L, Q4_0, Q4_K_M, Q4_K_S, Q5_K_M, Q6_K, Q6_K_L, Q8_0.`,
      );
    },
  );

  it('takes all shards by number, whatever order they are listed in', () => {
    const expected = shards('Q4_K_M/Qwen3-235B-A22B-Q4_K_M', 3);
    expect(choose('Q4_K_M', ...DYNAMIC.toReversed())).toEqual(expected);
    expect(choose('latest', ...DYNAMIC)).toEqual(expected);
  });

  it('keeps dynamic quantizations apart from plain ones', () => {
    expect(choose('UD-Q4_K_XL', ...DYNAMIC)).toEqual(shards('UD-Q4_K_XL/Qwen3-235B-A22B-UD-Q4_K_XL', 3));
    expect(() => choose('Q4_K_XL', ...DYNAMIC)).toThrow('It has BF16, Q2_K, Q4_K_M, UD-IQ1_S, UD-Q4_K_XL.');
  });

  it('takes ten shards in a folder', () => {
    expect(choose('bf16', ...DYNAMIC)).toHaveLength(10);
  });

  it('reads the quantization of a folder whose files do not name it', () => {
    expect(choose('Q2_K', ...shards('Q2_K/ggml-model', 2), 'Q8_0/ggml-model.gguf')).toHaveLength(2);
  });

  it('never takes importance matrices, drafts and projectors for the model', () => {
    const paths = ['imatrix.gguf', 'Model-imatrix.gguf', 'mtp-Model-Q4_K_M.gguf', 'eagle3-Model-Q4_K_M.gguf'];
    const others = [
      'dflash-x-Q4_K_M.gguf',
      'dspark-x-Q4_K_M.gguf',
      'mmproj-F16.gguf',
      'Model.mmproj-Q4_K_M.gguf',
    ];
    expect(choose('latest', ...paths, ...others, 'Model-Q5_K_M.gguf')).toEqual(['Model-Q5_K_M.gguf']);
    expect(groupGguf(files(...paths, ...others))).toEqual([]);
  });

  it('takes the only model there is, however it is named', () => {
    expect(choose('latest', 'ggml-vocab.gguf', 'README.md')).toEqual(['ggml-vocab.gguf']);
  });

  it.each([
    [['m-Q8_0.gguf', 'm-BF16.gguf'], 'm-Q8_0.gguf'],
    [['m-Q6_K.gguf', 'm-IQ2_XXS.gguf', 'm-Q5_K_M.gguf'], 'm-IQ2_XXS.gguf'],
    [['m-Q6_K.gguf', 'm-Q5_K_M.gguf', 'a.gguf'], 'm-Q5_K_M.gguf'],
  ])('without a tag and without Q4_K_M takes of %j the file %s', (paths, expected) => {
    expect(choose('latest', ...paths)).toEqual([expected]);
  });

  it('refuses to choose between two models of one quantization, and takes them by file name', () => {
    const paths = ['small-Q4_K_M.gguf', 'large-Q4_K_M.gguf'];
    const sentence =
      'org/repo has 2 models with quantization Q4_K_M. Ask for one of them by name: large-Q4_K_M, small-Q4_K_M.';
    expect(() => choose('Q4_K_M', ...paths)).toThrow(sentence);
    expect(() => choose('latest', ...paths)).toThrow(sentence);
    expect(choose('small-Q4_K_M', ...paths)).toEqual(['small-Q4_K_M.gguf']);
  });

  it('says so when models of one name lie in two folders', () => {
    expect(() => choose('latest', 'v1/m-Q8_0.gguf', 'v2/m-Q8_0.gguf')).toThrow(
      'They cannot be told apart by a tag: v1/m-Q8_0, v2/m-Q8_0.',
    );
  });

  it('refuses to choose between models without a quantization', () => {
    expect(() => choose('latest', 'a.gguf', 'b.gguf')).toThrow(
      'org/repo has 2 models. Ask for one of them by name: a, b.',
    );
  });

  it('refuses a model of which a shard is missing', () => {
    const [first = '', , third = ''] = shards('m-Q4_K_M', 3);
    expect(() => choose('Q4_K_M', first, third)).toThrow('of m-Q4_K_M it has 2 of 3 files');
  });

  it('keeps two ways of cutting the same model apart', () => {
    expect(() => choose('Q4_K_M', ...shards('m-Q4_K_M', 2), ...shards('m-Q4_K_M', 3))).toThrow(
      'has 2 models',
    );
  });
});

describe('choosing a projector', () => {
  const projector = (model: string, ...paths: string[]) => chooseProjector(files(...paths), model)?.path;

  it('takes none when there is none', () => {
    expect(projector('m-Q4_K_M.gguf', 'm-Q4_K_M.gguf')).toBeUndefined();
  });

  it.each([
    ['m-Q4_K_M.gguf', ['mmproj-BF16.gguf', 'mmproj-F16.gguf', 'mmproj-F32.gguf'], 'mmproj-F16.gguf'],
    ['m-Q8_0.gguf', ['mmproj-m-f16.gguf', 'mmproj-m-Q8_0.gguf'], 'mmproj-m-Q8_0.gguf'],
    ['m-F32.gguf', ['mmproj-F16.gguf', 'mmproj-F32.gguf'], 'mmproj-F32.gguf'],
    ['m-Q4_K_M.gguf', ['mmproj-model-bf16.gguf'], 'mmproj-model-bf16.gguf'],
    ['BF16/m-00001-of-00002.gguf', ['mmproj-F32.gguf', 'BF16/mmproj-F32.gguf'], 'BF16/mmproj-F32.gguf'],
    ['a/m-Q4_K_M.gguf', ['b/mmproj-F16.gguf', 'mmproj-F32.gguf'], 'mmproj-F32.gguf'],
    ['m-Q4_K_M.gguf', ['other/mmproj-F16.gguf'], undefined],
  ])('for %s takes of %j %s', (model, paths, expected) => {
    expect(projector(model, model, ...paths)).toBe(expected);
  });
});
