import type { Base64Bytes } from './base64-bytes.js';
import type { PictureSize } from './picture-size.js';

const HEADER_BYTES = 13;
const EXTENSION = 0x21;
const FRAME = 0x2c;

/** The screen, or what the first frame makes of it where that reaches beyond. */
export function gifSize(bytes: Base64Bytes): PictureSize | undefined {
  const flags = bytes.byte(10);
  let at = HEADER_BYTES + (flags >= 0x80 ? 3 * 2 ** ((flags % 8) + 1) : 0);
  while (bytes.byte(at) === EXTENSION) {
    // Decoders disagree about where an empty one ends.
    if (bytes.byte(at + 2) === 0) return undefined;
    at = endOfBlocks(bytes, at + 2);
  }
  if (bytes.byte(at) !== FRAME) return undefined;
  return {
    width: Math.max(bytes.little(6, 2), bytes.little(at + 1, 2) + bytes.little(at + 5, 2)),
    height: Math.max(bytes.little(8, 2), bytes.little(at + 3, 2) + bytes.little(at + 7, 2)),
  };
}

function endOfBlocks(bytes: Base64Bytes, from: number): number {
  let at = from;
  for (let length = bytes.byte(at); length > 0; length = bytes.byte(at)) at += length + 1;
  return at + 1;
}
