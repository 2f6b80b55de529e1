import { toHalfFloat, fromHalfFloat } from './half-float.js';
import { createRandom, drawNormal } from './random.js';

export type TensorType = 'F32' | 'F16' | 'Q8_0';

/** Writes row `index` of a tensor over `row`. Must give the same numbers whenever it is asked for the same row. */
export type FillRow = (row: Float32Array, index: number) => void;

export interface Tensor {
  readonly name: string;
  readonly type: TensorType;
  /** Sizes, the contiguous dimension first, as the format wants them. */
  readonly shape: readonly [number, ...number[]];
  readonly fill: FillRow;
}

/** Weights of one Q8_0 block: they share a scale. */
const BLOCK = 32;
const BLOCK_BYTES = 2 + BLOCK;
const CHUNK_BYTES = 1 << 20;

/** The numbers by which the format names its tensor types. */
export const TENSOR_TYPE_NUMBER: Readonly<Record<TensorType, number>> = { F32: 0, F16: 1, Q8_0: 8 };

/** `general.file_type` of a model whose matrices are of this type. */
export const FILE_TYPE_NUMBER: Readonly<Record<TensorType, number>> = { F32: 0, F16: 1, Q8_0: 7 };

export const constant =
  (value: number): FillRow =>
  (row) => {
    row.fill(value);
  };

/** Nearly normal numbers of mean 0; two tensors of one model take two seeds. */
export const noise =
  (deviation: number, seed: number): FillRow =>
  (row, index) => {
    const random = createRandom(seed * 1_000_003 + index);
    for (let i = 0; i < row.length; i++) row[i] = deviation * drawNormal(random);
  };

export const rows =
  (vectors: readonly Float32Array[]): FillRow =>
  (row, index) => {
    const vector = vectors[index];
    if (vector === undefined) throw new Error(`There is no row ${index}.`);
    row.set(vector);
  };

export function tensorBytes({ type, shape }: Tensor): number {
  return rowBytes(type, shape[0]) * rowCount(shape);
}

/** The tensor's data in chunks of about a mebibyte. */
export function* encodeTensor({ type, shape, fill }: Tensor): Generator<Buffer> {
  const row = new Float32Array(shape[0]);
  const bytes = rowBytes(type, row.length);
  const count = rowCount(shape);
  const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / bytes));
  for (let first = 0; first < count; first += perChunk) {
    const chunk = Buffer.alloc(bytes * Math.min(perChunk, count - first));
    for (let offset = 0; offset < chunk.length; offset += bytes) {
      fill(row, first + offset / bytes);
      ENCODERS[type](row, chunk, offset);
    }
    yield chunk;
  }
}

const ENCODERS: Readonly<Record<TensorType, (row: Float32Array, into: Buffer, offset: number) => void>> = {
  F32: (row, into, offset) => {
    for (let i = 0; i < row.length; i++) into.writeFloatLE(row[i] ?? 0, offset + 4 * i);
  },
  F16: (row, into, offset) => {
    for (let i = 0; i < row.length; i++) into.writeUInt16LE(toHalfFloat(row[i] ?? 0), offset + 2 * i);
  },
  Q8_0: (row, into, offset) => {
    for (let first = 0; first < row.length; first += BLOCK) {
      encodeBlock(row.subarray(first, first + BLOCK), into, offset + (first / BLOCK) * BLOCK_BYTES);
    }
  },
};

function encodeBlock(block: Float32Array, into: Buffer, offset: number): void {
  let largest = 0;
  for (const value of block) largest = Math.max(largest, Math.abs(value));
  const half = toHalfFloat(largest / 127);
  const scale = fromHalfFloat(half);
  into.writeUInt16LE(half, offset);
  for (let i = 0; i < block.length; i++) {
    const quantum = scale === 0 ? 0 : Math.round((block[i] ?? 0) / scale);
    into.writeInt8(Math.max(-127, Math.min(127, quantum)), offset + 2 + i);
  }
}

function rowBytes(type: TensorType, length: number): number {
  if (type === 'F32') return length * 4;
  if (type === 'F16') return length * 2;
  if (length % BLOCK !== 0) throw new Error(`A Q8_0 row must be a multiple of ${BLOCK} long, not ${length}.`);
  return (length / BLOCK) * BLOCK_BYTES;
}

function rowCount(shape: readonly [number, ...number[]]): number {
  return shape.slice(1).reduce((product, size) => product * size, 1);
}
