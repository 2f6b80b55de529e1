import type { Base64Bytes } from './base64-bytes.js';

const SIGNATURE_BYTES = 8;
const LONGEST_CHUNK = 2 ** 31 - 1;

export interface PngChunk {
  readonly is: (type: string) => boolean;
  /** Where its content begins. */
  readonly content: number;
  readonly length: number;
}

/** In their order, the last one maybe longer than what there is of it; ends where no chunk can begin. */
export function* pngChunks(bytes: Base64Bytes): Generator<PngChunk, void, void> {
  for (let at = SIGNATURE_BYTES; ;) {
    const start = at;
    const length = bytes.big(start, 4);
    if (!(length <= LONGEST_CHUNK)) return;
    yield { is: (type) => bytes.has(type, start + 4), content: start + 8, length };
    at += length + 12;
  }
}
