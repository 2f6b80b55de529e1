import type { Base64Bytes } from './base64-bytes.js';
import type { PictureSize } from './picture-size.js';

const SIGNATURE_BYTES = 8;
const LONGEST_CHUNK = 2 ** 31 - 1;

/** Follows the chunks up to the first with pixels: some decoders take the first size, others the last. */
export function pngSize(bytes: Base64Bytes): PictureSize | undefined {
  let size: PictureSize | undefined;
  for (let at = SIGNATURE_BYTES; ;) {
    const length = bytes.big(at, 4);
    if (bytes.has('IDAT', at + 4)) return size;
    if (bytes.has('IHDR', at + 4)) {
      if (size !== undefined || length !== 13) return undefined;
      size = { width: bytes.big(at + 8, 4), height: bytes.big(at + 12, 4) };
    }
    if (!(length <= LONGEST_CHUNK)) return undefined;
    at += length + 12;
  }
}
