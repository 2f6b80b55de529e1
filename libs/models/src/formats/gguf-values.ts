import type { ByteCursor } from './byte-cursor.js';
import { FormatError } from './format-error.js';

export type GgufScalar = string | number | bigint | boolean;
export type GgufValue = GgufScalar | readonly GgufScalar[];

/** Longer arrays are skipped: vocabularies, merges, scores. Numbers of each layer are kept. */
const TEXTS_LIMIT = 64;
const NUMBERS_LIMIT = 1024;

/** Longer texts are skipped, bytes. Chat templates are the long ones that are wanted and stay far below. */
const TEXT_LIMIT = 1024 * 1024;
const NESTING_LIMIT = 4;

/** What one header may cost, whatever it claims. Counts down as values are read. */
export interface Allowance {
  /** Bytes of values that are kept. */
  bytes: number;
  /** Arrays inside arrays: each costs time and says nothing. */
  nestedArrays: number;
}

export function fullAllowance(): Allowance {
  return { bytes: 32 * 1024 * 1024, nestedArrays: 65_536 };
}

/** What was read of one value. */
export interface ReadValue {
  /** Absent for what is too long or nested, which is skipped. */
  readonly value?: GgufValue;
  /** Elements, when it is an array. */
  readonly length?: number;
}

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

/** Reads the name of something. @throws FormatError beyond `limit` bytes. */
export async function readName(cursor: ByteCursor, limit: number): Promise<string> {
  const length = await cursor.count();
  if (length > limit)
    throw new FormatError(`the GGUF header holds a name of ${length} bytes; ${limit} is the most`);
  return (await cursor.take(length)).toString('utf8');
}

/** Reads the value of one key. @throws FormatError */
export async function readValue(cursor: ByteCursor, allowance: Allowance): Promise<ReadValue> {
  const type = await cursor.u32();
  if (type !== ARRAY) {
    const value = await readScalar(cursor, type, allowance);
    return value === undefined ? {} : { value };
  }
  const { element, length } = await readArrayHead(cursor);
  if (element === ARRAY || length > (element === STRING ? TEXTS_LIMIT : NUMBERS_LIMIT)) {
    await skipElements({ cursor, allowance, element, length, depth: 1 });
    return { length };
  }
  const value: GgufScalar[] = [];
  for (let index = 0; index < length; index += 1) {
    const scalar = await readScalar(cursor, element, allowance);
    if (scalar !== undefined) value.push(scalar);
  }
  return { value, length };
}

/** Undefined for a text that is too long, which is skipped. */
async function readScalar(
  cursor: ByteCursor,
  type: number,
  allowance: Allowance,
): Promise<GgufScalar | undefined> {
  if (type !== STRING) {
    const scalar = scalarType(type);
    spend(allowance, 8);
    return scalar.read(await cursor.take(scalar.size));
  }
  const length = await cursor.count();
  if (length > TEXT_LIMIT) {
    await cursor.skip(length);
    return undefined;
  }
  spend(allowance, length);
  return (await cursor.take(length)).toString('utf8');
}

function spend(allowance: Allowance, bytes: number): void {
  allowance.bytes -= bytes;
  if (allowance.bytes < 0) throw new FormatError('the GGUF header holds more metadata than any model needs');
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

interface SkippedArray {
  readonly cursor: ByteCursor;
  readonly allowance: Allowance;
  readonly element: number;
  readonly length: number;
  readonly depth: number;
}

async function skipElements({ cursor, allowance, element, length, depth }: SkippedArray): Promise<void> {
  if (element === STRING) return cursor.skipStrings(length);
  if (element !== ARRAY) return cursor.skip(length * scalarType(element).size);
  allowance.nestedArrays -= length;
  if (depth >= NESTING_LIMIT || allowance.nestedArrays < 0)
    throw new FormatError('the GGUF header nests arrays too deeply');
  for (let index = 0; index < length; index += 1) {
    const head = await readArrayHead(cursor);
    await skipElements({ cursor, allowance, ...head, depth: depth + 1 });
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
