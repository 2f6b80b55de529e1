import { open } from 'node:fs/promises';
import { encodeTensor, tensorBytes, type Tensor } from '../gguf/tensor.js';

const TYPE_NAME = { F32: 'F32', F16: 'F16' } as const;
const ALIGNMENT = 8;

/** Writes a safetensors file over whatever stands at `path`. @throws Error for a type that the format has not */
export async function writeSafetensors(path: string, tensors: readonly Tensor[]): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.write(encodeHeader(tensors));
    for (const tensor of tensors) for (const chunk of encodeTensor(tensor)) await file.write(chunk);
  } finally {
    await file.close();
  }
}

/** The length of the header as 8 bytes, and the header, which is filled up with spaces. */
function encodeHeader(tensors: readonly Tensor[]): Buffer {
  let offset = 0;
  const entries = tensors.map((tensor) => {
    const start = offset;
    offset += tensorBytes(tensor);
    // Our shapes name the contiguous dimension first, those of the format last.
    const shape = tensor.shape.toReversed();
    return [tensor.name, { dtype: typeName(tensor), shape, data_offsets: [start, offset] }];
  });
  const json = JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) });
  const header = Buffer.from(json.padEnd(Math.ceil(json.length / ALIGNMENT) * ALIGNMENT));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header]);
}

function typeName({ name, type }: Tensor): string {
  if (type === 'Q8_0') throw new Error(`The tensor ${name} has a type that safetensors does not know.`);
  return TYPE_NAME[type];
}
