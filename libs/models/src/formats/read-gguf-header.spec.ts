import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GgufBytes, smallGguf } from '../__fixtures__/gguf-bytes.js';
import { describeGguf } from './describe-gguf.js';
import { readGgufHeader, type GgufHeader } from './read-gguf-header.js';

let folder: string;
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longshore-gguf-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(bytes: Buffer): Promise<GgufHeader> {
  const path = join(folder, `${(files += 1)}.gguf`);
  await writeFile(path, bytes);
  return readGgufHeader(path);
}

describe('readGgufHeader', () => {
  it('reads what a model says of itself and leaves long arrays out', async () => {
    const header = await read(smallGguf());
    expect(header).toMatchObject({
      version: 3,
      architecture: 'llama',
      fileType: 'Q4_K_M',
      contextLength: 8192,
      chatTemplate: '{{ messages }}',
      tensorCount: 2,
      parameterCount: 1_500_000,
      tensorBytes: 2 * 1024 * 1024,
    });
    expect(header.metadata.get('general.tags')).toEqual(['chat', 'test']);
    expect(header.metadata.has('tokenizer.ggml.tokens')).toBe(false);
    expect(header.arrayLengths.get('tokenizer.ggml.tokens')).toBe(1000);
  });

  it('finds its way behind arrays that are longer than its window', async () => {
    const vocabulary = Array.from({ length: 60_000 }, (_, index) => `${index}-${'x'.repeat(index % 40)}`);
    const bytes = GgufBytes.header(1n, 4n)
      .textsKey('tokens', vocabulary)
      .text('scores')
      .u32(9)
      .u32(6)
      .u64(500_000n)
      .raw(Buffer.alloc(2_000_000))
      .text('nested')
      .u32(9)
      .u32(9)
      .u64(2n)
      .u32(4)
      .u64(1n)
      .u32(7)
      .u32(8)
      .u64(1n)
      .text('inner')
      .u32Key('after', 42)
      .tensor('t', [3n, 5n])
      .raw(Buffer.alloc(64))
      .bytes();
    const header = await read(bytes);
    expect([...header.metadata]).toEqual([['after', 42]]);
    expect(header.parameterCount).toBe(15);
  });

  it.each([
    ['an empty file', Buffer.alloc(0), 'not a GGUF file'],
    ['another kind of file', Buffer.from('PK\u0003\u0004 something else entirely'), 'not a GGUF file'],
    ['version 1', GgufBytes.header(0n, 0n, 1).bytes(), 'version 1 is not supported'],
    ['big-endian numbers', GgufBytes.header(0n, 0n, 0x0300_0000).bytes(), 'big-endian'],
    [
      'more keys than it can hold',
      GgufBytes.header(0n, 5_000n).bytes(),
      '5000 keys, more than the file can hold',
    ],
    ['an absurd number of keys', GgufBytes.header(0n, 1n << 40n).bytes(), '100000 is the most'],
    ['more tensors than it can hold', GgufBytes.header(90n, 0n).bytes(), '90 tensors, more than'],
    ['a count beyond 2^53', GgufBytes.header((1n << 64n) - 1n, 0n).bytes(), 'impossible number'],
    [
      'a key that never ends',
      GgufBytes.header(0n, 1n).u64(60_000n).raw(Buffer.alloc(64)).bytes(),
      'cut short',
    ],
    [
      'a text of gigabytes',
      GgufBytes.header(0n, 1n)
        .text('k')
        .u32(8)
        .u64(1n << 33n)
        .bytes(),
      'cut short',
    ],
    [
      'an array of gigabytes',
      GgufBytes.header(0n, 1n)
        .text('k')
        .u32(9)
        .u32(4)
        .u64(1n << 33n)
        .bytes(),
      'more than the file can hold',
    ],
    [
      'strings in an array that lie about their length',
      GgufBytes.header(0n, 1n)
        .text('k')
        .u32(9)
        .u32(8)
        .u64(100n)
        .u64(1n << 50n)
        .raw(Buffer.alloc(900))
        .bytes(),
      'cut short',
    ],
    [
      'arrays in arrays in arrays',
      Array.from({ length: 8 })
        .reduce<GgufBytes>((bytes) => bytes.u32(9).u64(1n), GgufBytes.header(0n, 1n).text('k').u32(9))
        .raw(Buffer.alloc(64))
        .bytes(),
      'too deeply',
    ],
    [
      'a value of unknown type',
      GgufBytes.header(0n, 1n).text('k').u32(99).u64(0n).bytes(),
      'unknown type 99',
    ],
    [
      'a tensor of 9 dimensions',
      GgufBytes.header(1n, 0n).text('t').u32(9).raw(Buffer.alloc(99)).bytes(),
      '9 dimensions',
    ],
    [
      'shapes beyond any number',
      GgufBytes.header(1n, 0n)
        .tensor('t', [1n << 40n, 1n << 40n])
        .bytes(),
      'impossible tensor shapes',
    ],
    [
      '2^60 keys',
      GgufBytes.header(0n, 1n << 60n)
        .raw(Buffer.alloc(4096))
        .bytes(),
      'impossible number',
    ],
    [
      '2^60 tensors',
      GgufBytes.header(1n << 60n, 0n)
        .raw(Buffer.alloc(4096))
        .bytes(),
      'impossible number',
    ],
    [
      'an array of 2^60 texts',
      GgufBytes.header(0n, 1n)
        .text('k')
        .u32(9)
        .u32(8)
        .u64(1n << 60n)
        .bytes(),
      'impossible number',
    ],
    [
      'a flood of arrays in an array',
      GgufBytes.header(0n, 1n)
        .text('k')
        .u32(9)
        .u32(9)
        .u64(80_000n)
        .raw(Buffer.alloc(80_000 * 12))
        .bytes(),
      'too deeply',
    ],
    [
      'more metadata than memory should hold',
      Array.from({ length: 40 })
        .reduce<GgufBytes>(
          (bytes, _, index) => bytes.textKey(`k${index}`, 'x'.repeat(1024 * 1024)),
          GgufBytes.header(0n, 40n),
        )
        .bytes(),
      'more metadata than any model needs',
    ],
    [
      'a tensor that starts beyond the end',
      GgufBytes.header(1n, 0n)
        .tensor('late', [1n], 1n << 40n)
        .raw(Buffer.alloc(64))
        .bytes(),
      '"late" lies beyond the end of the file',
    ],
    [
      'a tensor that ends beyond the end',
      GgufBytes.header(1n, 0n).tensor('long', [100n]).raw(Buffer.alloc(96)).bytes(),
      '"long" lies beyond the end of the file',
    ],
    [
      'an alignment of nothing',
      GgufBytes.header(1n, 1n).u32Key('general.alignment', 0).tensor('t', [1n]).bytes(),
      'no size in bytes',
    ],
  ])('refuses %s with a sentence', async (_what, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(message);
    await expect(read(bytes)).rejects.toMatchObject({ name: 'FormatError' });
  });

  it('leaves out a text that is longer than any template and reads on', async () => {
    const bytes = GgufBytes.header(0n, 2n)
      .textKey('tokenizer.huggingface.json', 'x'.repeat(3 * 1024 * 1024))
      .u32Key('after', 42)
      .bytes();
    expect([...(await read(bytes)).metadata]).toEqual([['after', 42]]);
  });

  it('keeps the numbers of each layer, however many layers there are', async () => {
    const heads = Array.from({ length: 120 }, (_, layer) => (layer % 2 === 0 ? 8 : 1));
    const bytes = GgufBytes.header(0n, 1n).text('x.attention.head_count_kv').u32(9).u32(4).u64(120n);
    for (const count of heads) bytes.u32(count);
    expect((await read(bytes.bytes())).metadata.get('x.attention.head_count_kv')).toEqual(heads);
  });

  it('refuses a model that is cut short, wherever the cut is', async () => {
    const whole = smallGguf().subarray(0, -2 * 1024 * 1024);
    for (let length = 0; length < whole.length; length += 97) {
      await expect(read(whole.subarray(0, length))).rejects.toMatchObject({
        name: 'FormatError',
      });
    }
  });
});

describe('describeGguf', () => {
  it('prints what clients show', async () => {
    expect(describeGguf(await read(smallGguf()))).toEqual({
      format: 'gguf',
      quantization: 'Q4_K_M',
      parameters: '1.50 M',
      architecture: 'llama',
      size: '2.00 MiB',
      gguf: {
        'general.architecture': 'llama',
        'general.name': 'small',
        'general.file_type': '15',
        'llama.context_length': '8192',
        'tokenizer.chat_template': '{{ messages }}',
        'general.tags': 'chat, test',
      },
      context_size: 8192,
    });
  });
});
