import type { Base64Bytes } from './base64-bytes.js';
import type { PictureSize } from './picture-size.js';
import { pngChunks } from './png-chunks.js';

/** Follows the chunks up to the first with pixels: some decoders take the first size, others the last. */
export function pngSize(bytes: Base64Bytes): PictureSize | undefined {
  let size: PictureSize | undefined;
  for (const { is, content, length } of pngChunks(bytes)) {
    if (is('IDAT')) return size;
    if (!is('IHDR')) continue;
    if (size !== undefined || length !== 13) return undefined;
    size = { width: bytes.big(content, 4), height: bytes.big(content + 4, 4) };
  }
  return undefined;
}
