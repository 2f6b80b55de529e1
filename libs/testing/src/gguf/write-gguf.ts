import { open, type FileHandle } from 'node:fs/promises';
import { encodeMetadata, encodeString, encodeU32, encodeU64, type Metadata } from './metadata.js';
import { encodeTensor, TENSOR_TYPE_NUMBER, tensorBytes, type Tensor } from './tensor.js';

/** What a GGUF file holds. Writing the same content twice gives the same bytes. */
export interface Gguf {
  readonly metadata: Metadata;
  readonly tensors: readonly Tensor[];
}

const VERSION = 3;
const ALIGNMENT = 32;

/** Writes a GGUF file of version 3, little-endian, over whatever stands at `path`. */
export async function writeGguf(path: string, { metadata, tensors }: Gguf): Promise<void> {
  const file = await open(path, 'w');
  try {
    await writeAligned(file, [encodeHeader(metadata, tensors)]);
    for (const tensor of tensors) await writeAligned(file, encodeTensor(tensor));
  } finally {
    await file.close();
  }
}

function encodeHeader(metadata: Metadata, tensors: readonly Tensor[]): Buffer {
  const parts = [
    Buffer.from('GGUF'),
    encodeU32(VERSION),
    encodeU64(tensors.length),
    encodeU64(Object.keys(metadata).length),
    encodeMetadata(metadata),
  ];
  let offset = 0;
  for (const tensor of tensors) {
    parts.push(encodeTensorInfo(tensor, offset));
    offset += align(tensorBytes(tensor));
  }
  return Buffer.concat(parts);
}

function encodeTensorInfo({ name, shape, type }: Tensor, offset: number): Buffer {
  return Buffer.concat([
    encodeString(name),
    encodeU32(shape.length),
    ...shape.map(encodeU64),
    encodeU32(TENSOR_TYPE_NUMBER[type]),
    encodeU64(offset),
  ]);
}

async function writeAligned(file: FileHandle, chunks: Iterable<Buffer>): Promise<void> {
  let written = 0;
  for (const chunk of chunks) {
    await file.write(chunk);
    written += chunk.length;
  }
  await file.write(Buffer.alloc(align(written) - written));
}

function align(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}
