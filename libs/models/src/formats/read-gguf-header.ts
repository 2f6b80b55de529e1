import { open } from 'node:fs/promises';
import { ByteCursor, type ByteReader } from './byte-cursor.js';
import { FormatError } from './format-error.js';
import { fileTypeName } from './gguf-file-types.js';
import { readText, readValue, type GgufValue } from './gguf-values.js';

/** What the header of a GGUF file says. Nothing in it was checked against the tensors themselves. */
export interface GgufHeader {
  readonly version: number;
  /** Keys and values in file order; arrays longer than 64 and nested arrays are left out. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensorCount: number;
  /** Elements of all tensors of this file. */
  readonly parameterCount: number;
  /** Bytes of the tensors: what is left of the file behind the header. */
  readonly tensorBytes: number;
  readonly architecture?: string;
  /** Name of the quantization, `Q4_K_M`. */
  readonly fileType?: string;
  /** Tokens the model was trained for. */
  readonly contextLength?: number;
  /** Jinja source. */
  readonly chatTemplate?: string;
}

/** Limits that no real model comes near; a file that passes them is hostile or broken. Bytes and counts. */
const HEADER_LIMIT = 256 * 1024 * 1024;
const KEY_LIMIT = 65_535;
const NAME_LIMIT = 1024;
const KEYS_LIMIT = 100_000;
const TENSORS_LIMIT = 500_000;
const DIMENSIONS_LIMIT = 8;
/** Fewest bytes one key or one tensor takes: more of them than fit into the file is a lie. */
const SMALLEST_KEY = 13;
const SMALLEST_TENSOR = 24;

/**
 * Reads the header of a GGUF file of version 2 or 3. Memory stays bounded whatever the file claims, and the time is
 * bounded by the size of the header.
 * @throws FormatError saying what is wrong with the file; file system errors as they are.
 */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    return await parseGgufHeader(file, size);
  } finally {
    await file.close();
  }
}

/**
 * {@link readGgufHeader} for bytes that lie elsewhere.
 * @param size bytes of the whole file.
 * @throws FormatError; what the reader throws.
 */
export async function parseGgufHeader(reader: ByteReader, size: number): Promise<GgufHeader> {
  const cursor = new ByteCursor(reader, Math.min(size, HEADER_LIMIT));
  const version = await readVersion(cursor);
  const tensorCount = await readLimitedCount(cursor, TENSORS_LIMIT, SMALLEST_TENSOR, 'tensors');
  const keyCount = await readLimitedCount(cursor, KEYS_LIMIT, SMALLEST_KEY, 'keys');
  const metadata = await readMetadata(cursor, keyCount);
  const parameterCount = await readTensors(cursor, tensorCount);
  return {
    version,
    metadata,
    tensorCount,
    parameterCount,
    tensorBytes: size - cursor.position,
    ...wellKnown(metadata),
  };
}

async function readVersion(cursor: ByteCursor): Promise<number> {
  const magic = cursor.remaining < 8 ? '' : (await cursor.take(4)).toString('latin1');
  if (magic !== 'GGUF') throw new FormatError('the file is not a GGUF file');
  const version = await cursor.u32();
  if (version === 2 || version === 3) return version;
  if (version !== 0 && version % 65_536 === 0)
    throw new FormatError('big-endian GGUF files are not supported');
  throw new FormatError(`GGUF version ${version} is not supported; versions 2 and 3 are`);
}

async function readLimitedCount(
  cursor: ByteCursor,
  limit: number,
  smallest: number,
  what: string,
): Promise<number> {
  const count = await cursor.count();
  if (count > limit) throw new FormatError(`the GGUF header claims ${count} ${what}; ${limit} is the most`);
  if (count * smallest > cursor.remaining) {
    throw new FormatError(`the GGUF header claims ${count} ${what}, more than the file can hold`);
  }
  return count;
}

async function readMetadata(cursor: ByteCursor, count: number): Promise<Map<string, GgufValue>> {
  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < count; index += 1) {
    const key = await readText(cursor, KEY_LIMIT);
    const value = await readValue(cursor);
    if (value !== undefined) metadata.set(key, value);
  }
  return metadata;
}

async function readTensors(cursor: ByteCursor, count: number): Promise<number> {
  let parameters = 0;
  for (let index = 0; index < count; index += 1) {
    await readText(cursor, NAME_LIMIT);
    const dimensions = await cursor.u32();
    if (dimensions > DIMENSIONS_LIMIT) {
      throw new FormatError(`a tensor has ${dimensions} dimensions; ${DIMENSIONS_LIMIT} is the most`);
    }
    let elements = 1;
    for (let dimension = 0; dimension < dimensions; dimension += 1) elements *= await cursor.count();
    parameters += elements;
    await cursor.skip(4 + 8);
  }
  if (!Number.isSafeInteger(parameters))
    throw new FormatError('the GGUF header claims impossible tensor shapes');
  return parameters;
}

type WellKnown = Pick<GgufHeader, 'architecture' | 'fileType' | 'contextLength' | 'chatTemplate'>;

function wellKnown(metadata: ReadonlyMap<string, GgufValue>): WellKnown {
  const architecture = metadata.get('general.architecture');
  const fileType = metadata.get('general.file_type');
  const typeName = typeof fileType === 'number' ? fileTypeName(fileType) : undefined;
  const contextLength =
    typeof architecture === 'string' ? metadata.get(`${architecture}.context_length`) : undefined;
  const chatTemplate = metadata.get('tokenizer.chat_template');
  return {
    ...(typeof architecture === 'string' && { architecture }),
    ...(typeName !== undefined && { fileType: typeName }),
    ...(typeof contextLength === 'number' && { contextLength }),
    ...(typeof chatTemplate === 'string' && { chatTemplate }),
  };
}
