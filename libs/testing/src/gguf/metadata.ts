/** A value in a GGUF header; only the types that our models need. */
export type MetadataValue =
  | { readonly type: 'u32' | 'i32' | 'f32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'i32s' | 'f32s'; readonly value: readonly number[] };

/** Header entries in the order in which they are written. */
export type Metadata = Readonly<Record<string, MetadataValue>>;

export const u32 = (value: number): MetadataValue => ({ type: 'u32', value });
export const f32 = (value: number): MetadataValue => ({ type: 'f32', value });
export const bool = (value: boolean): MetadataValue => ({ type: 'bool', value });
export const string = (value: string): MetadataValue => ({ type: 'string', value });
export const strings = (value: readonly string[]): MetadataValue => ({ type: 'strings', value });
export const i32s = (value: readonly number[]): MetadataValue => ({ type: 'i32s', value });
export const f32s = (value: readonly number[]): MetadataValue => ({ type: 'f32s', value });

/** The numbers by which the format names its types. */
const TYPE_NUMBER = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;

export function encodeMetadata(metadata: Metadata): Buffer {
  return Buffer.concat(
    Object.entries(metadata).map(([key, entry]) => Buffer.concat([encodeString(key), encodeValue(entry)])),
  );
}

function encodeValue(entry: MetadataValue): Buffer {
  switch (entry.type) {
    case 'strings':
      return encodeArray('string', entry.value.map(encodeString));
    case 'i32s':
      return encodeArray('i32', entry.value.map(encodeI32));
    case 'f32s':
      return encodeArray('f32', entry.value.map(encodeF32));
    default:
      return Buffer.concat([encodeU32(TYPE_NUMBER[entry.type]), encodeScalar(entry)]);
  }
}

function encodeScalar(entry: Exclude<MetadataValue, { readonly type: 'strings' | 'i32s' | 'f32s' }>): Buffer {
  if (entry.type === 'string') return encodeString(entry.value);
  if (entry.type === 'bool') return Buffer.from([entry.value ? 1 : 0]);
  if (entry.type === 'i32') return encodeI32(entry.value);
  return entry.type === 'u32' ? encodeU32(entry.value) : encodeF32(entry.value);
}

function encodeArray(type: 'string' | 'i32' | 'f32', items: readonly Buffer[]): Buffer {
  const head = [encodeU32(TYPE_NUMBER.array), encodeU32(TYPE_NUMBER[type]), encodeU64(items.length)];
  return Buffer.concat([...head, ...items]);
}

export function encodeString(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([encodeU64(bytes.length), bytes]);
}

export function encodeU32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function encodeU64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function encodeI32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function encodeF32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}
