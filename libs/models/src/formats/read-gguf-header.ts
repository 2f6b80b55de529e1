import { open } from 'node:fs/promises';
import { ByteCursor, type ByteReader } from './byte-cursor.js';
import { FormatError } from './format-error.js';
import { fileTypeName } from './gguf-file-types.js';
import { tensorBytes } from './gguf-tensor-types.js';
import { fullAllowance, readName, readValue, type GgufValue } from './gguf-values.js';

/** What the header of a GGUF file says. All tensors lie within the file; what is in them was not looked at. */
export interface GgufHeader {
  readonly version: number;
  /** Keys and values in file order; long texts, long arrays and nested ones are left out. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** Elements of each array, also of those left out: the size of the vocabulary. */
  readonly arrayLengths: ReadonlyMap<string, number>;
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
  /** Which part of a split model this file is; `number` counts from 0. */
  readonly shard?: { readonly number: number; readonly count: number };
}

/** Limits that no real model comes near; a file that passes them is hostile or broken. Bytes and counts. */
const HEADER_LIMIT = 256 * 1024 * 1024;
const KEY_LIMIT = 65_535;
const NAME_LIMIT = 1024;
const KEYS_LIMIT = 100_000;
const TENSORS_LIMIT = 500_000;
const DIMENSIONS_LIMIT = 8;
const DEFAULT_ALIGNMENT = 32;
const ALIGNMENT_LIMIT = 1024 * 1024;
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
  const { metadata, arrayLengths } = await readMetadata(cursor, keyCount);
  const tensors = await readTensors(cursor, tensorCount);
  if (tensors.end > 0 && alignUp(cursor.position, metadata) + tensors.end > size) {
    throw new FormatError(
      `the tensor "${tensors.last}" lies beyond the end of the file: the file is cut short or damaged`,
    );
  }
  return {
    version,
    metadata,
    arrayLengths,
    tensorCount,
    parameterCount: tensors.parameters,
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

async function readMetadata(
  cursor: ByteCursor,
  count: number,
): Promise<Pick<GgufHeader, 'metadata' | 'arrayLengths'>> {
  const metadata = new Map<string, GgufValue>();
  const arrayLengths = new Map<string, number>();
  const allowance = fullAllowance();
  for (let index = 0; index < count; index += 1) {
    const key = await readName(cursor, KEY_LIMIT);
    const { value, length } = await readValue(cursor, allowance);
    if (value !== undefined) metadata.set(key, value);
    if (length !== undefined) arrayLengths.set(key, length);
  }
  return { metadata, arrayLengths };
}

interface Tensors {
  readonly parameters: number;
  /** Where the tensor that reaches furthest ends, bytes from the start of the data, and its name. */
  readonly end: number;
  readonly last: string;
}

async function readTensors(cursor: ByteCursor, count: number): Promise<Tensors> {
  let [parameters, end, last] = [0, 0, ''];
  for (let index = 0; index < count; index += 1) {
    const name = await readName(cursor, NAME_LIMIT);
    const elements = await readShape(cursor);
    parameters += elements;
    const bytes = tensorBytes(await cursor.u32(), elements);
    const tensorEnd = (await cursor.count()) + bytes;
    if (tensorEnd > end) [end, last] = [tensorEnd, name.slice(0, 64)];
  }
  if (!Number.isSafeInteger(parameters)) throw impossibleShapes();
  return { parameters, end, last };
}

/** Elements of a tensor. */
async function readShape(cursor: ByteCursor): Promise<number> {
  const dimensions = await cursor.u32();
  if (dimensions > DIMENSIONS_LIMIT) {
    throw new FormatError(`a tensor has ${dimensions} dimensions; ${DIMENSIONS_LIMIT} is the most`);
  }
  let elements = 1;
  for (let dimension = 0; dimension < dimensions; dimension += 1) elements *= await cursor.count();
  if (!Number.isSafeInteger(elements)) throw impossibleShapes();
  return elements;
}

function impossibleShapes(): FormatError {
  return new FormatError('the GGUF header claims impossible tensor shapes');
}

/** Where the data of the tensors starts. */
function alignUp(position: number, metadata: ReadonlyMap<string, GgufValue>): number {
  const alignment = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  const usable = typeof alignment === 'number' && Number.isInteger(alignment);
  if (!usable || alignment < 1 || alignment > ALIGNMENT_LIMIT)
    throw new FormatError('the GGUF header states an alignment that is no size in bytes');
  return Math.ceil(position / alignment) * alignment;
}

type WellKnown = Pick<GgufHeader, 'architecture' | 'fileType' | 'contextLength' | 'chatTemplate' | 'shard'>;

function wellKnown(metadata: ReadonlyMap<string, GgufValue>): WellKnown {
  const number = (key: string): number | undefined => {
    const value = metadata.get(key);
    return typeof value === 'number' ? value : undefined;
  };
  const architecture = metadata.get('general.architecture');
  const fileType = number('general.file_type');
  const typeName = fileType === undefined ? undefined : fileTypeName(fileType);
  const contextLength =
    typeof architecture === 'string' ? number(`${architecture}.context_length`) : undefined;
  const chatTemplate = metadata.get('tokenizer.chat_template');
  const [shardNumber, shardCount] = [number('split.no'), number('split.count')];
  return {
    ...(typeof architecture === 'string' && { architecture }),
    ...(typeName !== undefined && { fileType: typeName }),
    ...(contextLength !== undefined && { contextLength }),
    ...(typeof chatTemplate === 'string' && { chatTemplate }),
    ...(shardNumber !== undefined &&
      shardCount !== undefined &&
      shardCount > 1 && { shard: { number: shardNumber, count: shardCount } }),
  };
}
