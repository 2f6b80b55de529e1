import type { Base64Bytes } from './base64-bytes.js';
import { gifSize } from './gif-size.js';
import { jpegSize } from './jpeg-size.js';
import type { PictureSize } from './picture-size.js';
import { pngSize } from './png-size.js';
import { webpSize } from './webp-size.js';

export interface Picture {
  readonly format: string;
  readonly isTaken: boolean;
  /** Absent = the format is not taken, or the header is broken, cut off or contradicts itself. */
  readonly size?: PictureSize;
  /** True where the bytes of the pixels themselves, unpacked, may be more than the size tells. */
  readonly mayUnpackToMore: boolean;
}

type ReadSize = (bytes: Base64Bytes) => PictureSize | undefined;

interface Format {
  readonly name: string;
  readonly is: (bytes: Base64Bytes) => boolean;
  readonly size?: ReadSize;
  readonly mayUnpackToMore?: boolean;
}

/** Formats that are taken. */
export const TAKEN_FORMATS = 'PNG, JPEG, GIF, WebP or BMP';

/**
 * Those that are taken, and those that llama.cpp decodes as well, whatever kind of file a request calls them. The last
 * one is known by its probable values only, as in the decoder.
 */
const FORMATS: readonly Format[] = [
  { name: 'PNG', is: beginning('\x89PNG\r\n\x1a\n'), size: pngSize, mayUnpackToMore: true },
  { name: 'JPEG', is: beginning('\xff\xd8'), size: jpegSize },
  { name: 'GIF', is: beginning('GIF8'), size: gifSize },
  { name: 'WebP', is: (bytes) => bytes.has('RIFF', 0) && bytes.has('WEBP', 8), size: webpSize },
  { name: 'BMP', is: beginning('BM'), size: bmpSize },
  { name: 'PSD', is: beginning('8BPS') },
  { name: 'PIC', is: beginning('\x53\x80\xf6\x34') },
  { name: 'PGM', is: beginning('P5') },
  { name: 'PPM', is: beginning('P6') },
  { name: 'HDR', is: (bytes) => bytes.has('#?RADIANCE', 0) || bytes.has('#?RGBE', 0) },
  { name: 'TGA', is: isTga },
];

/** @returns undefined for a file that is none of the pictures known here */
export function readPicture(bytes: Base64Bytes): Picture | undefined {
  const format = FORMATS.find(({ is }) => is(bytes));
  if (format === undefined) return undefined;
  const { name, size: read, mayUnpackToMore } = format;
  const picture = { format: name, isTaken: read !== undefined, mayUnpackToMore: mayUnpackToMore === true };
  const size = read?.(bytes);
  return size !== undefined && size.width > 0 && size.height > 0 ? { ...picture, size } : picture;
}

function beginning(text: string): (bytes: Base64Bytes) => boolean {
  return (bytes) => bytes.has(text, 0);
}

/** The height is negative in a picture that begins at its top. */
function bmpSize(bytes: Base64Bytes): PictureSize | undefined {
  const header = bytes.little(14, 4);
  if (header === 12) return { width: bytes.little(18, 2), height: bytes.little(20, 2) };
  if (!(header >= 40)) return undefined;
  const height = bytes.little(22, 4);
  return { width: bytes.little(18, 4), height: height < 2 ** 31 ? height : 2 ** 32 - height };
}

function isTga(bytes: Base64Bytes): boolean {
  const palette = bytes.byte(1);
  const kinds = palette === 1 ? [1, 9] : [2, 3, 10, 11];
  const depths = palette === 1 ? [8, 16] : [8, 15, 16, 24, 32];
  const sized = bytes.little(12, 2) > 0 && bytes.little(14, 2) > 0;
  return palette <= 1 && kinds.includes(bytes.byte(2)) && sized && depths.includes(bytes.byte(16));
}
