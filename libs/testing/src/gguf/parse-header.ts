/** What a GGUF header says, read back independently of the writer. */
export interface ParsedHeader {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, unknown>;
  readonly tensors: readonly ParsedTensor[];
  /** Where the tensors' data starts in the file. */
  readonly dataOffset: number;
}

export interface ParsedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  /** From the start of the data. */
  readonly offset: number;
}

/** Reads the header of a GGUF file of ours; only for tests. */
export function parseHeader(file: Buffer): ParsedHeader {
  const cursor = new Cursor(file);
  if (cursor.bytes(4).toString('latin1') !== 'GGUF') throw new Error('This is no GGUF file.');
  const version = cursor.u32();
  const tensorCount = cursor.u64();
  const metadataCount = cursor.u64();
  const metadata = new Map<string, unknown>();
  for (let i = 0; i < metadataCount; i++) metadata.set(cursor.string(), cursor.value(cursor.u32()));
  const tensors = Array.from({ length: tensorCount }, () => ({
    name: cursor.string(),
    shape: Array.from({ length: cursor.u32() }, () => cursor.u64()),
    type: cursor.u32(),
    offset: cursor.u64(),
  }));
  return { version, metadata, tensors, dataOffset: Math.ceil(cursor.position / 32) * 32 };
}

class Cursor {
  position = 0;

  constructor(private readonly file: Buffer) {}

  bytes(length: number): Buffer {
    const part = this.file.subarray(this.position, this.position + length);
    if (part.length < length) throw new Error(`The file ends within its header, at ${this.file.length}.`);
    this.position += length;
    return part;
  }

  u32(): number {
    return this.bytes(4).readUInt32LE();
  }

  u64(): number {
    return Number(this.bytes(8).readBigUInt64LE());
  }

  string(): string {
    return this.bytes(this.u64()).toString('utf8');
  }

  value(type: number): unknown {
    if (type === 4) return this.u32();
    if (type === 5) return this.bytes(4).readInt32LE();
    if (type === 6) return this.bytes(4).readFloatLE();
    if (type === 7) return this.bytes(1)[0] === 1;
    if (type === 8) return this.string();
    if (type !== 9) throw new Error(`Values of type ${type} are not expected.`);
    const item = this.u32();
    return Array.from({ length: this.u64() }, () => this.value(item));
  }
}
