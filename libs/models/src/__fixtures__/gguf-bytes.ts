const I8 = 24;

/** Writes GGUF bytes piece by piece, valid or not. */
export class GgufBytes {
  private readonly parts: Buffer[] = [];

  static header(tensors: bigint, keys: bigint, version = 3): GgufBytes {
    return new GgufBytes().raw(Buffer.from('GGUF')).u32(version).u64(tensors).u64(keys);
  }

  raw(bytes: Buffer): this {
    this.parts.push(bytes);
    return this;
  }

  u32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return this.raw(bytes);
  }

  u64(value: bigint): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    return this.raw(bytes);
  }

  text(value: string): this {
    return this.u64(BigInt(Buffer.byteLength(value))).raw(Buffer.from(value));
  }

  textKey(key: string, value: string): this {
    return this.text(key).u32(8).text(value);
  }

  u32Key(key: string, value: number): this {
    return this.text(key).u32(4).u32(value);
  }

  /** An array of texts. */
  textsKey(key: string, values: readonly string[]): this {
    this.text(key).u32(9).u32(8).u64(BigInt(values.length));
    for (const value of values) this.text(value);
    return this;
  }

  /** One byte an element, so that shapes are sizes. */
  tensor(name: string, shape: readonly bigint[], offset = 0n): this {
    this.text(name).u32(shape.length);
    for (const dimension of shape) this.u64(dimension);
    return this.u32(I8).u64(offset);
  }

  bytes(): Buffer {
    return Buffer.concat(this.parts);
  }
}

/** A small GGUF file that is right in everything the header says. */
export function smallGguf(): Buffer {
  return GgufBytes.header(2n, 7n)
    .textKey('general.architecture', 'llama')
    .textKey('general.name', 'small')
    .u32Key('general.file_type', 15)
    .u32Key('llama.context_length', 8192)
    .textKey('tokenizer.chat_template', '{{ messages }}')
    .textsKey(
      'tokenizer.ggml.tokens',
      Array.from({ length: 1000 }, (_, index) => `token-${index}`),
    )
    .textsKey('general.tags', ['chat', 'test'])
    .tensor('token_embd.weight', [1000n, 1000n])
    .tensor('output.weight', [500n, 1000n], 1_000_000n)
    .raw(Buffer.alloc(2 * 1024 * 1024))
    .bytes();
}
