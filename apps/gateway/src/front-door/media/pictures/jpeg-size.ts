import type { Base64Bytes } from './base64-bytes.js';
import type { PictureSize } from './picture-size.js';

const SCAN = 0xda;

/** Follows the segments up to the first scan: some decoders take the first size, others the last. */
export function jpegSize(bytes: Base64Bytes): PictureSize | undefined {
  let size: PictureSize | undefined;
  for (let at = 2; ;) {
    const marked = markerFrom(bytes, at);
    const marker = bytes.byte(marked);
    if (marker === SCAN) return size;
    at = marked + 1;
    if (standsAlone(marker)) continue;
    const length = bytes.big(at, 2);
    if (isFrame(marker)) {
      if (size !== undefined) return undefined;
      size = { height: bytes.big(at + 3, 2), width: bytes.big(at + 5, 2) };
    } else if (!isPassedOver(marker)) return undefined;
    if (!(length >= 2)) return undefined;
    at += length;
  }
}

/** Where the code of the next marker stands; decoders pass over what is before it, and over filling. */
function markerFrom(bytes: Base64Bytes, from: number): number {
  let at = from;
  while (bytes.byte(at) < 0xff) at += 1;
  while (bytes.byte(at) === 0xff) at += 1;
  return at;
}

/** An escaped 0xff, or a restart that restarts nothing yet. */
function standsAlone(marker: number): boolean {
  return marker === 0x00 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}

/** SOF0 to SOF15; three codes between them are other things. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** Tables, comments and what applications add. */
function isPassedOver(marker: number): boolean {
  return [0xc4, 0xcc, 0xdb, 0xdd, 0xfe].includes(marker) || (marker >= 0xe0 && marker <= 0xef);
}
