import { FRAME_KINDS, type Frame } from '#contracts';

/**
 * The wire format of frames, version 1, integers big-endian. One message is a batch from one worker to one gateway:
 *
 *     u8 version, then for each frame:
 *     u32 stream  u32 sequence  u16 attempt  u8 kind  u8 flags  u32 payload length  payload
 *
 * The log of a response is the same without the version. The flags are for the script that publishes and logs; receivers
 * pay them no heed.
 */
const VERSION = 1;
const BATCH_HEADER = 1;
export const FRAME_HEADER = 16;

/** Published, but kept out of the log: a repeated frame, one of a response without a log, or one beyond its limit. */
export const UNLOGGED = 1;

/**
 * The first frame beyond the limit of the log: published whole, while its header alone is logged, so that readers of
 * the log learn that frames are missing from here on.
 */
export const CAPPED = 2;

/** A message that is not a batch of frames this version can read. */
export class FrameFormatError extends Error {
  override readonly name = 'FrameFormatError';
}

/** @param flags one for each frame; 0 when left out */
export function encodeBatch(frames: readonly Frame[], flags?: readonly number[]): Buffer {
  const batch = Buffer.allocUnsafe(BATCH_HEADER + encodedLength(frames));
  batch[0] = VERSION;
  encodeInto(batch, BATCH_HEADER, frames, flags);
  return batch;
}

/** What the log of a response holds for these frames. @param capped the first frame beyond the limit of the log */
export function encodeLog(frames: readonly Frame[], capped?: Frame): Buffer {
  const length = encodedLength(frames);
  const log = Buffer.allocUnsafe(length + (capped === undefined ? 0 : FRAME_HEADER));
  encodeInto(log, 0, frames);
  if (capped !== undefined) encodeBatch([capped], [CAPPED]).copy(log, length, BATCH_HEADER);
  return log;
}

/**
 * The frames of a batch, in order. Payloads are views of `batch`, not copies.
 * @throws FrameFormatError for another version, an unknown kind or a length that does not fit.
 */
export function decodeBatch(batch: Buffer): Frame[] {
  if (batch[0] !== VERSION) throw new FrameFormatError(`frame batch of version ${batch[0]}, not ${VERSION}`);
  const frames: Frame[] = [];
  let offset = BATCH_HEADER;
  while (offset < batch.length) {
    if (offset + FRAME_HEADER > batch.length) throw new FrameFormatError('frame batch ends within a header');
    const end = offset + FRAME_HEADER + batch.readUInt32BE(offset + 12);
    if (end > batch.length) throw new FrameFormatError('frame batch ends within a payload');
    frames.push(decodeFrame(batch, offset, end));
    offset = end;
  }
  return frames;
}

/** What a log holds, in the order in which it was written. */
export interface LogContent {
  readonly frames: readonly Frame[];
  /** True when the log says that it does not hold everything: its limit was reached, or it is cut within a frame. */
  readonly incomplete: boolean;
}

/** Payloads are views of `log`, not copies. @throws FrameFormatError for an unknown kind */
export function decodeLog(log: Buffer): LogContent {
  const frames: Frame[] = [];
  let offset = 0;
  let capped = false;
  while (offset + FRAME_HEADER <= log.length) {
    if (((log[offset + 11] ?? 0) & CAPPED) !== 0) {
      capped = true;
      offset += FRAME_HEADER;
      continue;
    }
    const end = offset + FRAME_HEADER + log.readUInt32BE(offset + 12);
    if (end > log.length) break;
    frames.push(decodeFrame(log, offset, end));
    offset = end;
  }
  return { frames, incomplete: capped || offset < log.length };
}

function encodedLength(frames: readonly Frame[]): number {
  let length = 0;
  for (const frame of frames) length += FRAME_HEADER + frame.payload.length;
  return length;
}

function encodeInto(bytes: Buffer, start: number, frames: readonly Frame[], flags?: readonly number[]): void {
  let offset = start;
  let index = 0;
  for (const frame of frames) {
    bytes.writeUInt32BE(frame.stream, offset);
    bytes.writeUInt32BE(frame.sequence, offset + 4);
    bytes.writeUInt16BE(frame.attempt, offset + 8);
    bytes[offset + 10] = FRAME_KINDS.indexOf(frame.kind);
    bytes[offset + 11] = flags?.[index++] ?? 0;
    bytes.writeUInt32BE(frame.payload.length, offset + 12);
    frame.payload.copy(bytes, offset + FRAME_HEADER);
    offset += FRAME_HEADER + frame.payload.length;
  }
}

function decodeFrame(bytes: Buffer, offset: number, end: number): Frame {
  const kind = FRAME_KINDS[bytes[offset + 10] ?? -1];
  if (kind === undefined) throw new FrameFormatError(`frame of unknown kind ${bytes[offset + 10]}`);
  return {
    stream: bytes.readUInt32BE(offset),
    sequence: bytes.readUInt32BE(offset + 4),
    attempt: bytes.readUInt16BE(offset + 8),
    kind,
    payload: bytes.subarray(offset + FRAME_HEADER, end),
  };
}
