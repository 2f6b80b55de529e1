import type { ByteCursor } from './byte-cursor.js';
import { FormatError } from './format-error.js';

export type GgufScalar = string | number | bigint | boolean;
export type GgufValue = GgufScalar | readonly GgufScalar[];

/** Arrays longer than this are skipped: vocabularies, merges, scores. */
const ARRAY_LIMIT = 64;

/** Longest text value; bytes. Chat templates are the long ones and stay far below. */
const TEXT_LIMIT = 1024 * 1024;
const NESTING_LIMIT = 4;

const STRING = 8;
const ARRAY = 9;

interface ScalarType {
  readonly size: number;
  read(bytes: Buffer): GgufScalar;
}

const SCALARS: Readonly<Record<number, ScalarType>> = {
  0: { size: 1, read: (bytes) => bytes.readUInt8() },
  1: { size: 1, read: (bytes) => bytes.readInt8() },
  2: { size: 2, read: (bytes) => bytes.readUInt16LE() },
  3: { size: 2, read: (bytes) => bytes.readInt16LE() },
  4: { size: 4, read: (bytes) => bytes.readUInt32LE() },
  5: { size: 4, read: (bytes) => bytes.readInt32LE() },
  // Seven digits: 0.00001 instead of 0.000009999999747378752.
  6: { size: 4, read: (bytes) => Number(bytes.readFloatLE().toPrecision(7)) },
  7: { size: 1, read: (bytes) => bytes.readUInt8() !== 0 },
  10: { size: 8, read: (bytes) => narrow(bytes.readBigUInt64LE()) },
  11: { size: 8, read: (bytes) => narrow(bytes.readBigInt64LE()) },
  12: { size: 8, read: (bytes) => bytes.readDoubleLE() },
};

/** Reads a text. @throws FormatError beyond `limit` bytes. */
export async function readText(cursor: ByteCursor, limit = TEXT_LIMIT): Promise<string> {
  const length = await cursor.count();
  if (length > limit)
    throw new FormatError(`the GGUF header holds a text of ${length} bytes; ${limit} is the most`);
  return (await cursor.take(length)).toString('utf8');
}

/** Reads the value of one key; undefined for an array that is too long or nested, which is skipped. */
export async function readValue(cursor: ByteCursor): Promise<GgufValue | undefined> {
  const type = await cursor.u32();
  if (type !== ARRAY) return readScalar(cursor, type);
  const { element, length } = await readArrayHead(cursor);
  if (length > ARRAY_LIMIT || element === ARRAY) {
    await skipElements(cursor, element, length);
    return undefined;
  }
  const values: GgufScalar[] = [];
  for (let index = 0; index < length; index += 1) values.push(await readScalar(cursor, element));
  return values;
}

async function readScalar(cursor: ByteCursor, type: number): Promise<GgufScalar> {
  if (type === STRING) return readText(cursor);
  const scalar = scalarType(type);
  return scalar.read(await cursor.take(scalar.size));
}

async function readArrayHead(cursor: ByteCursor): Promise<{ element: number; length: number }> {
  const element = await cursor.u32();
  const length = await cursor.count();
  const smallest = element === STRING ? 8 : element === ARRAY ? 12 : scalarType(element).size;
  if (length * smallest > cursor.remaining) {
    throw new FormatError(
      `the GGUF header claims an array of ${length} elements, more than the file can hold`,
    );
  }
  return { element, length };
}

async function skipElements(cursor: ByteCursor, element: number, length: number, depth = 1): Promise<void> {
  if (element === STRING) return cursor.skipStrings(length);
  if (element !== ARRAY) return cursor.skip(length * scalarType(element).size);
  if (depth >= NESTING_LIMIT) throw new FormatError('the GGUF header nests arrays too deeply');
  for (let index = 0; index < length; index += 1) {
    const head = await readArrayHead(cursor);
    await skipElements(cursor, head.element, head.length, depth + 1);
  }
}

function scalarType(type: number): ScalarType {
  const scalar = SCALARS[type];
  if (!scalar) throw new FormatError(`the GGUF header holds a value of unknown type ${type}`);
  return scalar;
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
