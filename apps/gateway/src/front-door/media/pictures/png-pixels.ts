import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflate, createInflateRaw } from 'node:zlib';
import type { Base64Bytes } from './base64-bytes.js';
import { pngChunks } from './png-chunks.js';

/** No byte of a packed file unpacks to more. */
export const LARGEST_GROWTH = 1_032;

const PIECE_BYTES = 64 * 1024;

/** Values of a pixel, by the number that PNG has for its colours. */
const VALUES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

interface PackedPixels {
  /** Content of the chunks with pixels. */
  readonly ranges: readonly (readonly [start: number, length: number])[];
  /** Apple's programs leave out what stands around the packed bytes. */
  readonly isRaw: boolean;
  /** Bytes that the pixels have when they are unpacked, at most. */
  readonly size: number;
}

/**
 * Unpacks the pixels of a PNG, a piece at a time, and keeps nothing: some decoders unpack all there is before they
 * look at how much the picture can have.
 * @param bytes a PNG that tells its size
 * @returns false when they are more than the size of the picture makes them, or broken
 */
export async function pixelsFit(bytes: Base64Bytes, signal: AbortSignal): Promise<boolean> {
  const { ranges, isRaw, size } = findPixels(bytes);
  const options = { chunkSize: PIECE_BYTES };
  let unpacked = 0;
  try {
    await pipeline(
      Readable.from(piecesOf(bytes, ranges)),
      isRaw ? createInflateRaw(options) : createInflate(options),
      async (pieces: AsyncIterable<Buffer>) => {
        for await (const piece of pieces) {
          unpacked += piece.length;
          if (unpacked > size) throw new RangeError('too many pixels');
        }
      },
      { signal },
    );
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

function findPixels(bytes: Base64Bytes): PackedPixels {
  const ranges: (readonly [number, number])[] = [];
  let isRaw = false;
  let size: number | undefined;
  for (const { is, content, length } of pngChunks(bytes)) {
    if (is('IDAT')) ranges.push([content, length]);
    else if (is('CgBI')) isRaw = true;
    else if (is('IHDR')) size ??= unpackedSize(bytes, content);
    else if (is('IEND')) break;
  }
  return { ranges, isRaw, size: size ?? 0 };
}

/**
 * Each row has a byte more; interlaced, there are up to twice as many rows and one for each of seven passes, with a byte
 * begun at the end of each.
 */
function unpackedSize(bytes: Base64Bytes, header: number): number {
  const bits = bytes.byte(header + 8) * (VALUES[bytes.byte(header + 9)] ?? 4);
  return bytes.big(header + 4, 4) * (Math.ceil((bytes.big(header, 4) * bits) / 8) + 4) + 14;
}

/** What is packed, in pieces of about the same size, however small the chunks are that it comes in. */
function* piecesOf(bytes: Base64Bytes, ranges: PackedPixels['ranges']): Generator<Buffer, void, void> {
  let gathered: Buffer[] = [];
  let size = 0;
  for (const [start, length] of ranges)
    for (let at = 0; at < length; at += PIECE_BYTES) {
      const piece = bytes.slice(start + at, Math.min(PIECE_BYTES, length - at));
      gathered.push(piece);
      size += piece.length;
      if (size < PIECE_BYTES && piece.length > 0) continue;
      yield Buffer.concat(gathered);
      if (piece.length === 0) return;
      [gathered, size] = [[], 0];
    }
  if (size > 0) yield Buffer.concat(gathered);
}
