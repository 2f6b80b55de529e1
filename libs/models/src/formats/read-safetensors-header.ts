import { open } from 'node:fs/promises';
import type { ByteReader } from './byte-cursor.js';
import { FormatError } from './format-error.js';
import { isRecord, parseJson } from './json.js';

/** What the header of a safetensors file says. Every tensor lies within the file. */
export interface SafetensorsHeader {
  /** Texts under `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensorCount: number;
  /** Elements of all tensors of this file. */
  readonly parameterCount: number;
  /** Bytes behind the header. */
  readonly tensorBytes: number;
  /** Tensors of each type: `BF16`, `F8_E4M3`. */
  readonly types: ReadonlyMap<string, number>;
}

/** Far above the longest real header; it is read and parsed in one piece. Bytes. */
const HEADER_LIMIT = 32 * 1024 * 1024;
const LENGTH_BYTES = 8;
const TYPE = /^[A-Z][A-Z0-9_]{1,15}$/;

/**
 * Reads the header of a safetensors file. Memory is bounded by the length of the header, and that by a limit.
 * @throws FormatError saying what is wrong with the file; file system errors as they are.
 */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    return await parseSafetensorsHeader(file, size);
  } finally {
    await file.close();
  }
}

/**
 * {@link readSafetensorsHeader} for bytes that lie elsewhere.
 * @param size bytes of the whole file.
 * @throws FormatError; what the reader throws.
 */
export async function parseSafetensorsHeader(reader: ByteReader, size: number): Promise<SafetensorsHeader> {
  const length = await readLength(reader, size);
  const document = parseJson(await readAt(reader, LENGTH_BYTES, length), 'the safetensors header');
  return summarise(document, size - LENGTH_BYTES - length);
}

async function readLength(file: ByteReader, size: number): Promise<number> {
  if (size < LENGTH_BYTES) throw new FormatError('the file is not a safetensors file');
  const length = (await readAt(file, 0, LENGTH_BYTES)).readBigUInt64LE();
  if (length > HEADER_LIMIT) {
    throw new FormatError(
      `the file is not a safetensors file, or its header of ${length} bytes is longer than ${HEADER_LIMIT}`,
    );
  }
  if (LENGTH_BYTES + Number(length) > size)
    throw new FormatError('the safetensors header is longer than the file: the file is cut short');
  return Number(length);
}

async function readAt(file: ByteReader, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw new FormatError('the safetensors header ends in the middle');
    done += bytesRead;
  }
  return bytes;
}

function summarise(document: Record<string, unknown>, tensorBytes: number): SafetensorsHeader {
  const { __metadata__: texts, ...tensors } = document;
  const types = new Map<string, number>();
  let [tensorCount, parameterCount] = [0, 0];
  for (const [name, tensor] of Object.entries(tensors)) {
    const { type, elements } = readTensor(name, tensor, tensorBytes);
    types.set(type, (types.get(type) ?? 0) + 1);
    tensorCount += 1;
    parameterCount += elements;
  }
  if (!Number.isSafeInteger(parameterCount))
    throw new FormatError('the safetensors header claims impossible tensor shapes');
  return { metadata: readTexts(texts), tensorCount, parameterCount, tensorBytes, types };
}

function readTensor(name: string, tensor: unknown, limit: number): { type: string; elements: number } {
  const wrong = (what: string): FormatError =>
    new FormatError(`the tensor ${JSON.stringify(name.slice(0, 64))} of the safetensors header has ${what}`);
  if (!isRecord(tensor)) throw wrong('no description');
  const { dtype: type, shape, data_offsets: offsets } = tensor;
  if (typeof type !== 'string' || !TYPE.test(type)) throw wrong('no readable type');
  if (!isSizes(shape)) throw wrong('no readable shape');
  if (!isSizes(offsets) || offsets.length !== 2) throw wrong('no readable place in the file');
  const [start = 0, end = 0] = offsets;
  if (start > end || end > limit) throw wrong('a place beyond the end of the file');
  return { type, elements: shape.reduce((product, size) => product * size, 1) };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function readTexts(value: unknown): Map<string, string> {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
