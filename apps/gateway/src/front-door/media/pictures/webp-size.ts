import type { Base64Bytes } from './base64-bytes.js';
import type { PictureSize } from './picture-size.js';

/** Where the content of the first chunk begins. */
const CONTENT = 20;

/** Width and height have 14 bits each in both codings. */
const SIDES = 2 ** 14;

/** Where a canvas is named, what is in it must fit, or decoders refuse it. */
export function webpSize(bytes: Base64Bytes): PictureSize | undefined {
  if (bytes.has('VP8X', 12))
    return { width: 1 + bytes.little(CONTENT + 4, 3), height: 1 + bytes.little(CONTENT + 7, 3) };
  if (bytes.has('VP8L', 12) && bytes.byte(CONTENT) === 0x2f) {
    const sides = bytes.little(CONTENT + 1, 4);
    return { width: 1 + (sides % SIDES), height: 1 + (Math.floor(sides / SIDES) % SIDES) };
  }
  if (!bytes.has('VP8 ', 12) || !bytes.has('\x9d\x01\x2a', CONTENT + 3)) return undefined;
  return { width: bytes.little(CONTENT + 6, 2) % SIDES, height: bytes.little(CONTENT + 8, 2) % SIDES };
}
