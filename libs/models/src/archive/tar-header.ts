import { FormatError } from '../formats/format-error.js';

/** Bytes of a header, and the unit that contents are padded to. */
export const BLOCK = 512;

/** What one header says. */
export interface TarHeader {
  readonly path: string;
  /** Bytes of the content. */
  readonly size: number;
  /** Type flag: `0` file, `5` folder, `1` and `2` links, `x`, `g`, `L` and `K` say more about the next entry. */
  readonly type: string;
}

/** Largest size that fits as octal digits; larger ones are written as a binary number. */
const OCTAL_LIMIT = 8 ** 11;
const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;
const CHECKSUM = { start: 148, end: 156 };

/**
 * Writes a header without date or owner, so that the same content gives the same archive.
 * @param path at most 100 bytes of ASCII.
 */
export function encodeTarHeader({ path, size, type }: TarHeader): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(path, 0, 100, 'latin1');
  header.write(octal(type === '5' ? FOLDER_MODE : FILE_MODE, 7), 100, 'latin1');
  header.write(octal(0, 7), 108, 'latin1');
  header.write(octal(0, 7), 116, 'latin1');
  if (size < OCTAL_LIMIT) header.write(octal(size, 11), 124, 'latin1');
  else {
    header.writeUInt8(0x80, 124);
    header.writeBigUInt64BE(BigInt(size), 128);
  }
  header.write(octal(0, 11), 136, 'latin1');
  header.write(type, 156, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  header.write(`${octal(checksum(header), 6)}\u0000 `, CHECKSUM.start, 'latin1');
  return header;
}

/** Undefined for a block of zeros, which ends an archive. @throws FormatError */
export function decodeTarHeader(header: Buffer): TarHeader | undefined {
  if (header.every((byte) => byte === 0)) return undefined;
  if (readNumber(header, CHECKSUM.start, CHECKSUM.end) !== checksum(header)) throw notTar();
  const type = header[156] === 0 ? '0' : header.toString('latin1', 156, 157);
  const name = readText(header, 0, 100);
  const posix = header.toString('latin1', 257, 263) === 'ustar\u0000';
  const prefix = posix ? readText(header, 345, 500) : '';
  return {
    path: prefix === '' ? name : `${prefix}/${name}`,
    size: readNumber(header, 124, 136),
    // Before POSIX, folders were files whose names ended with a slash.
    type: type === '0' && name.endsWith('/') ? '5' : type,
  };
}

/** Zeros that follow a content of `size` bytes. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** Octal digits, or a binary number when the first bit is set. */
function readNumber(header: Buffer, start: number, end: number): number {
  const bytes = header.subarray(start, end);
  if (((bytes[0] ?? 0) & 0x80) === 0) {
    const digits = /^[\0 ]*([0-7]*)[\0 ]/.exec(`${bytes.toString('latin1')} `)?.[1];
    if (digits === undefined) throw notTar();
    return digits === '' ? 0 : Number.parseInt(digits, 8);
  }
  const value = BigInt(`0x${bytes.toString('hex')}`) - (0x80n << BigInt(8 * (bytes.length - 1)));
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new FormatError('the archive holds an impossible number');
  return Number(value);
}

function notTar(): FormatError {
  return new FormatError('the archive is not a tar file, or it is damaged');
}

function readText(header: Buffer, start: number, end: number): string {
  const zero = header.indexOf(0, start);
  return header.toString('utf8', start, zero === -1 || zero > end ? end : zero);
}

/** The sum of all bytes, those of the sum itself counted as spaces. */
function checksum(header: Buffer): number {
  let sum = 0;
  for (const [index, byte] of header.entries())
    sum += index >= CHECKSUM.start && index < CHECKSUM.end ? 0x20 : byte;
  return sum;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
