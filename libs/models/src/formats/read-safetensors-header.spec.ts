import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { safetensorsBytes, smallSafetensors } from '../__fixtures__/safetensors-bytes.js';
import { describeSafetensors } from './describe-safetensors.js';
import { readSafetensorsHeader, type SafetensorsHeader } from './read-safetensors-header.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longshore-safetensors-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(bytes: Buffer): Promise<SafetensorsHeader> {
  const path = join(folder, 'model.safetensors');
  await writeFile(path, bytes);
  return readSafetensorsHeader(path);
}

describe('readSafetensorsHeader', () => {
  it('counts what the file holds', async () => {
    expect(await read(smallSafetensors())).toEqual({
      metadata: new Map([['format', 'pt']]),
      tensorCount: 2,
      parameterCount: 1500,
      tensorBytes: 3000,
      types: new Map([['BF16', 2]]),
    });
  });

  const tensor = (change: object): Buffer =>
    safetensorsBytes({ t: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...change } }, 8);
  it.each([
    ['an empty file', Buffer.alloc(0), 'not a safetensors file'],
    ['a header of 2^60 bytes', safetensorsBytes({}, 0, 1n << 60n), 'is longer than'],
    ['a header of gigabytes', safetensorsBytes({}, 0, 3_000_000_000n), 'is longer than'],
    ['a header that is longer than the file', safetensorsBytes({}, 0, 5000n), 'longer than the file'],
    ['text', safetensorsBytes('not JSON at all'), 'is not JSON'],
    ['a list', safetensorsBytes([]), 'is not a JSON object'],
    ['brackets without end', safetensorsBytes('['.repeat(1_000_000)), 'is not JSON'],
    ['a tensor that is text', safetensorsBytes({ t: 'x' }), 'no description'],
    ['a tensor without a type', tensor({ dtype: 7 }), 'no readable type'],
    ['a shape of letters', tensor({ shape: ['a'] }), 'no readable shape'],
    ['a negative shape', tensor({ shape: [-1] }), 'no readable shape'],
    ['one offset', tensor({ data_offsets: [0] }), 'no readable place'],
    ['offsets beyond the end', tensor({ data_offsets: [0, 9] }), 'beyond the end'],
    ['offsets that go backwards', tensor({ data_offsets: [8, 0] }), 'beyond the end'],
    ['shapes beyond any number', tensor({ shape: [2 ** 40, 2 ** 40] }), 'impossible tensor shapes'],
  ])('refuses %s', async (_what, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(message);
    await expect(read(bytes)).rejects.toMatchObject({ name: 'FormatError' });
  });
});

describe('describeSafetensors', () => {
  it('prints what clients show, with what config.json says', async () => {
    const header = await read(smallSafetensors());
    const configuration = {
      architectures: ['LlamaForCausalLM'],
      model_type: 'llama',
      max_position_embeddings: 4096,
    };
    expect(describeSafetensors([header, header], configuration)).toEqual({
      format: 'safetensors',
      quantization: 'BF16',
      parameters: '3.00 K',
      architecture: 'LlamaForCausalLM',
      size: '5.86 KiB',
      safetensors: { format: 'pt', tensor_count: '4' },
      context_size: 4096,
    });
  });

  it('finds the context of models that also see, and says when types are mixed', async () => {
    const header = await read(smallSafetensors());
    const mixed = { ...header, types: new Map([['F8_E4M3', 1]]) };
    const described = describeSafetensors([header, mixed], {
      model_type: 'gemma3',
      text_config: { max_position_embeddings: 131_072 },
    });
    expect(described).toMatchObject({
      quantization: 'mixed',
      architecture: 'gemma3',
      context_size: 131_072,
    });
    expect(describeSafetensors([header], { max_position_embeddings: 'many' }).context_size).toBeUndefined();
  });
});
