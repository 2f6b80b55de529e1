import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '../temporary-folder.js';
import { writeCorruptModel } from './corrupt-model.js';
import { writeEmbeddingModel } from './embedding-model.js';
import { parseHeader } from './parse-header.js';
import { randomModel } from './random-model.js';
import { LEAST_MARGIN, scriptedTokenizer, scriptedVectors, writeScriptedModel } from './scripted-model.js';
import { SCRIPT_NAMES, SCRIPTS } from './scripts.js';
import { encodeTensor, tensorBytes } from './tensor.js';
import { buildTokenizer } from './tokenizer.js';

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await makeTemporaryFolder('gguf');
});
afterAll(() => folder.remove());

async function generate(write: (path: string) => Promise<void>): Promise<Buffer> {
  const path = join(folder.path, 'model.gguf');
  await write(path);
  return readFile(path);
}

const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe.each([
  ['scripted', writeScriptedModel],
  ['embedding', writeEmbeddingModel],
  ['corrupt', writeCorruptModel],
])('the %s model', (_, write) => {
  it('is the same file each time it is generated', async () => {
    expect(digestOf(await generate(write))).toBe(digestOf(await generate(write)));
  });

  it('has a header whose tensors lie aligned, in order, and end with the file', async () => {
    const file = await generate(write);
    const { version, tensors, dataOffset } = parseHeader(file);
    expect(version).toBe(3);
    let end = 0;
    for (const tensor of tensors) {
      expect(tensor.offset).toBe(end);
      expect(tensor.offset % 32).toBe(0);
      const bytes = 4 * tensor.shape.reduce((product, size) => product * size, 1);
      end += Math.ceil(bytes / 32) * 32;
    }
    expect(dataOffset + end).toBe(file.length);
  });
});

describe('the scripted model', () => {
  it('names itself, its tokens and its template in the header', async () => {
    const { metadata } = parseHeader(await generate(writeScriptedModel));
    expect(metadata.get('general.architecture')).toBe('llama');
    expect(metadata.get('llama.context_length')).toBe(8192);
    expect(metadata.get('tokenizer.ggml.add_bos_token')).toBe(false);
    const tokens = metadata.get('tokenizer.ggml.tokens') as string[];
    expect(tokens).toHaveLength(1024);
    expect(tokens[Number(metadata.get('tokenizer.ggml.eos_token_id'))]).toBe('<|im_end|>');
    expect(metadata.get('tokenizer.chat_template')).toContain("'count'");
  });

  it('has only merges whose parts and result are tokens', async () => {
    const { metadata } = parseHeader(await generate(writeScriptedModel));
    const tokens = new Set(metadata.get('tokenizer.ggml.tokens') as string[]);
    const merges = metadata.get('tokenizer.ggml.merges') as string[];
    expect(merges.length).toBeGreaterThan(100);
    for (const merge of merges) {
      const [left = '', right = ''] = merge.split(' ');
      expect([left, right, left + right].filter((token) => !tokens.has(token))).toEqual([]);
    }
  });

  it('puts every right token clearly above every wrong one', () => {
    expect(scriptedVectors(scriptedTokenizer()).margin).toBeGreaterThanOrEqual(LEAST_MARGIN);
  });

  it('has scripts that share no piece, so that a token alone tells the place', () => {
    const pieces = SCRIPT_NAMES.flatMap((name) => [...SCRIPTS[name].pieces]);
    expect(new Set(pieces).size).toBe(pieces.length);
  });

  it('gives the text of a loop that was cut anywhere', () => {
    expect(SCRIPTS.loop.textOf(7)).toBe('la-le-li-lo-lu-la-le-');
  });
});

describe('the corrupt model', () => {
  it('has two equal tokens', async () => {
    const { metadata } = parseHeader(await generate(writeCorruptModel));
    const tokens = metadata.get('tokenizer.ggml.tokens') as string[];
    expect(new Set(tokens).size).toBe(tokens.length - 1);
  });
});

describe('the random model', () => {
  it('has about 90 million parameters of a little over a byte each', () => {
    const { tensors } = randomModel();
    const parameters = tensors.reduce(
      (sum, tensor) => sum + tensor.shape.reduce((product, size) => product * size, 1),
      0,
    );
    const bytes = tensors.reduce((sum, tensor) => sum + tensorBytes(tensor), 0);
    expect(parameters / 1e6).toBeCloseTo(88.1, 0);
    expect(bytes / parameters).toBeCloseTo(34 / 32, 2);
  });

  it('gives the same weights each time they are asked for', () => {
    const encodeOne = (): string => {
      const tensor = randomModel().tensors.find(({ name }) => name === 'blk.3.attn_v.weight');
      if (tensor === undefined) throw new Error('The tensor is missing.');
      return digestOf(Buffer.concat([...encodeTensor(tensor)]));
    };
    expect(encodeOne()).toBe(encodeOne());
  });
});

describe('buildTokenizer', () => {
  it('refuses two equal tokens', () => {
    expect(() => buildTokenizer({ vocabularySize: 400, control: ['<x>'], pieces: ['ship', 'ship'] })).toThrow(
      'The token "ship" stands twice in the vocabulary.',
    );
  });

  it('refuses a vocabulary that is too small for its tokens', () => {
    expect(() => buildTokenizer({ vocabularySize: 257, control: ['<x>'], pieces: ['ship'] })).toThrow(
      'A vocabulary of 257 is 1 too small for its tokens.',
    );
  });
});
