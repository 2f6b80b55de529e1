import type { Frame, FrameFin, FrameHead } from '#contracts';
import { decodeLog } from '../frames/frame-codec.js';
import { readContent } from '../frames/frame-content.js';

/** A response as far as its log tells it. */
export interface LoggedResponse {
  /** Attempt of the last frame; 0 when there is none. */
  readonly attempt: number;
  /** From sequence 0 on without a gap, each as the attempt wrote it that the response followed there. */
  readonly frames: readonly Frame[];
  readonly head?: FrameHead;
  /** The bytes of all body frames. */
  readonly body: Buffer;
  /** There when the response is over and the log has all of it. */
  readonly fin?: FrameFin;
  /** The sequence number after the last frame. */
  readonly next: number;
  /** Size of the log. */
  readonly bytes: number;
  /**
   * More of the answer was written than the log holds without a gap: its limit was reached, or Redis has lost a part. A
   * worker that still has that part logs it again, so that a later look may find it.
   */
  readonly truncated: boolean;
}

/**
 * What a log says. A log is a bag: frames may be repeated and in any order. A frame of a later attempt overrules all
 * earlier attempts from its sequence number on, be it a handover or, with sequence 0, a fresh start.
 * @throws FrameFormatError for bytes that are no frames
 */
export function resolveLog(bytes: Buffer): LoggedResponse {
  const { frames: logged, incomplete } = decodeLog(bytes);
  const frames: Frame[] = [];
  const found = placeFrames(logged);
  for (let frame = found.get(0); frame !== undefined; frame = found.get(frames.length)) {
    frames.push(frame);
    if (frame.kind === 'fin') break;
  }
  const last = frames.at(-1);
  const over = last?.kind === 'fin';
  return {
    attempt: last?.attempt ?? 0,
    frames,
    ...readAnswer(frames),
    next: frames.length,
    bytes: bytes.length,
    truncated: !over && (incomplete || found.size > frames.length),
  };
}

/** The frame that counts for each sequence number. */
function placeFrames(frames: readonly Frame[]): Map<number, Frame> {
  const limits = limitsByAttempt(frames);
  const placed = new Map<number, Frame>();
  for (const frame of frames) {
    const limit = limits.get(frame.attempt) ?? Infinity;
    if (frame.sequence < limit && !placed.has(frame.sequence)) placed.set(frame.sequence, frame);
  }
  return placed;
}

/** Below which sequence number the frames of each attempt count: where a later attempt took over. */
function limitsByAttempt(frames: readonly Frame[]): Map<number, number> {
  const firsts = new Map<number, Frame>();
  for (const frame of frames) {
    const first = firsts.get(frame.attempt);
    if (first === undefined || frame.sequence < first.sequence) firsts.set(frame.attempt, frame);
  }
  const limits = new Map<number, number>();
  let limit = Infinity;
  for (const [attempt, first] of [...firsts].sort(([a], [b]) => b - a)) {
    limits.set(attempt, limit);
    limit = Math.min(limit, takeoverOf(first));
  }
  return limits;
}

/** An attempt whose beginning is missing began before its first frame; nothing may be joined to that frame. */
function takeoverOf(first: Frame): number {
  const begins = first.kind === 'handover' || first.sequence === 0;
  return begins ? first.sequence : first.sequence - 1;
}

function readAnswer(frames: readonly Frame[]): Pick<LoggedResponse, 'head' | 'body' | 'fin'> {
  const pieces: Buffer[] = [];
  let head: FrameHead | undefined;
  let fin: FrameFin | undefined;
  for (const frame of frames) {
    const content = readContent(frame);
    if (content.kind === 'body') pieces.push(content.bytes);
    else if (content.kind === 'head') head = content.head;
    else if (content.kind === 'fin') fin = content.fin;
  }
  return { body: Buffer.concat(pieces), ...(head ? { head } : {}), ...(fin ? { fin } : {}) };
}
