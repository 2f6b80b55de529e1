import { randomBytes } from 'node:crypto';
import { GgufBytes } from '../../../__fixtures__/gguf-bytes.js';

export interface GgufFile {
  /** `general.file_type`. */
  readonly fileType?: number;
  /** Bytes of tensors, random so that no two files are the same. */
  readonly size?: number;
  /** Number from 0, and how many there are. */
  readonly shard?: readonly [number: number, count: number];
  /** Tokens of the vocabulary; makes the header long. */
  readonly tokens?: number;
}

/** A GGUF file that is right in everything its header says. */
export function ggufFile({ fileType = 15, size = 300_000, shard = [0, 1], tokens = 10 }: GgufFile = {}): Buffer {
  const [number, count] = shard;
  return GgufBytes.header(1n, 6n)
    .textKey('general.architecture', 'llama')
    .u32Key('general.file_type', fileType)
    .u32Key('llama.context_length', 8192)
    .u32Key('split.no', number)
    .u32Key('split.count', count)
    .textsKey(
      'tokenizer.ggml.tokens',
      Array.from({ length: tokens }, (_, index) => `token-${index}`),
    )
    .tensor(`blk.${number}.weight`, [BigInt(size)])
    .raw(Buffer.alloc(64))
    .raw(randomBytes(size))
    .bytes();
}

/** A safetensors file with one tensor of random bytes. */
export function safetensorsFile(tensor: string, elements = 1000): Buffer {
  const data = randomBytes(elements * 2);
  const header = Buffer.from(
    JSON.stringify({ [tensor]: { dtype: 'BF16', shape: [elements], data_offsets: [0, data.length] } }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, data]);
}
