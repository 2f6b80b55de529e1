import { FRAME_KINDS, type Frame } from '#contracts';

/**
 * The wire format of frames, version 1, integers big-endian. One message is a batch from one worker to one gateway:
 *
 *     u8 version, then for each frame:
 *     u32 stream  u32 sequence  u16 attempt  u8 kind  u8 zero  u32 payload length  payload
 */
const VERSION = 1;
const BATCH_HEADER = 1;
const FRAME_HEADER = 16;

/** A message that is not a batch of frames this version can read. */
export class FrameFormatError extends Error {
  override readonly name = 'FrameFormatError';
}

/** Bytes a frame takes in a batch. */
function encodedLength(frame: Frame): number {
  return FRAME_HEADER + frame.payload.length;
}

export function encodeBatch(frames: readonly Frame[]): Buffer {
  let length = BATCH_HEADER;
  for (const frame of frames) length += encodedLength(frame);
  const batch = Buffer.allocUnsafe(length);
  batch[0] = VERSION;
  let offset = BATCH_HEADER;
  for (const frame of frames) {
    batch.writeUInt32BE(frame.stream, offset);
    batch.writeUInt32BE(frame.sequence, offset + 4);
    batch.writeUInt16BE(frame.attempt, offset + 8);
    batch[offset + 10] = FRAME_KINDS.indexOf(frame.kind);
    batch[offset + 11] = 0;
    batch.writeUInt32BE(frame.payload.length, offset + 12);
    frame.payload.copy(batch, offset + FRAME_HEADER);
    offset += FRAME_HEADER + frame.payload.length;
  }
  return batch;
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
    const kind = FRAME_KINDS[batch[offset + 10] ?? -1];
    if (kind === undefined) throw new FrameFormatError(`frame of unknown kind ${batch[offset + 10]}`);
    const end = offset + FRAME_HEADER + batch.readUInt32BE(offset + 12);
    if (end > batch.length) throw new FrameFormatError('frame batch ends within a payload');
    frames.push({
      stream: batch.readUInt32BE(offset),
      sequence: batch.readUInt32BE(offset + 4),
      attempt: batch.readUInt16BE(offset + 8),
      kind,
      payload: batch.subarray(offset + FRAME_HEADER, end),
    });
    offset = end;
  }
  return frames;
}
