import { createReadStream } from 'node:fs';
import { CommandFailure } from '../command-failure.js';
import type { PackedFile } from './packed-file.js';

const BLOCK = 512;
/** Bytes of a name that fit into a header. */
const LONGEST_NAME = 100;
/** Largest size that fits as octal digits; larger ones are written as a binary number. */
const OCTAL_LIMIT = 8 ** 11;

/** Bytes of the archive that `writeTar` makes of the files. */
export function tarSize(files: readonly PackedFile[]): number {
  const ends = 2 * BLOCK;
  return files.reduce((sum, { name, size }) => sum + headersOf(name, size).length + padded(size), ends);
}

/** A tar archive of the files, without dates and owners. @throws CommandFailure when a file is not as long any more */
export async function* writeTar(files: readonly PackedFile[]): AsyncGenerator<Buffer, void, void> {
  for (const file of files) {
    yield headersOf(file.name, file.size);
    yield* readWhole(file);
    yield Buffer.alloc(padded(file.size) - file.size);
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** The bytes of a file, as many as it had when it was looked at. @throws CommandFailure otherwise */
export async function* readWhole({ path, size }: PackedFile): AsyncGenerator<Buffer, void, void> {
  let read = 0;
  const chunks: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 256 * 1024 });
  for await (const chunk of chunks) {
    read += chunk.length;
    if (read > size) break;
    yield chunk;
  }
  if (read !== size)
    throw new CommandFailure(`${path} was changed while it was sent; try again when it is complete.`);
}

/** One header, or three parts for a name that does not fit into one. */
function headersOf(name: string, size: number): Buffer {
  const bytes = Buffer.from(name);
  if (bytes.length <= LONGEST_NAME) return header(name, size, '0');
  const long = Buffer.alloc(padded(bytes.length + 1));
  bytes.copy(long);
  const first = header('././@LongLink', bytes.length + 1, 'L');
  return Buffer.concat([first, long, header(bytes.toString('latin1', 0, LONGEST_NAME), size, '0')]);
}

function header(name: string, size: number, type: string): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, LONGEST_NAME, 'utf8');
  block.write('0000644', 100);
  block.write('0000000', 108);
  block.write('0000000', 116);
  if (size < OCTAL_LIMIT) block.write(octal(size, 11), 124);
  else {
    block.writeUInt8(0x80, 124);
    block.writeBigUInt64BE(BigInt(size), 128);
  }
  block.write(octal(0, 11), 136);
  block.write(type, 156);
  block.write('ustar\u000000', 257);
  block.write('        ', 148);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\u0000 `, 148);
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}
