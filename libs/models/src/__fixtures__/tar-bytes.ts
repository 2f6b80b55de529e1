import { encodeTarHeader, paddingOf } from '../archive/tar-header.js';

export interface HandMadeEntry {
  readonly path: string;
  readonly content?: Buffer;
  /** A file when absent; see `TarHeader`. */
  readonly type?: string;
  /** Instead of the length of the content. */
  readonly size?: number;
}

/** A tar archive of whatever the test wants in it. */
export function tarBytes(...entries: HandMadeEntry[]): Buffer {
  const parts = entries.flatMap(({ path, content = Buffer.alloc(0), type = '0', size = content.length }) => [
    encodeTarHeader({ path, size, type }),
    content,
    Buffer.alloc(paddingOf(content.length)),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

/** Bytes in pieces of one size, so that every border falls somewhere else. */
export async function* inPieces(bytes: Buffer, length = 700): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length);
}
