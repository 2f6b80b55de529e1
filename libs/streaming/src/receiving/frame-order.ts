import type { Frame } from '#contracts';
import { type FrameContent, readContent } from '../frames/frame-content.js';
import type { LoggedResponse } from '../log/resolve-log.js';

/** What a response does with its frames once they are in order. */
export interface OrderedFrames {
  /** The next frame. */
  readonly take: (content: FrameContent) => void;
  /** Another attempt begins from the start: what was taken counts for nothing. No body was among it. */
  readonly restart: () => void;
  /** Another attempt answers, and does not go on from what was taken. */
  readonly contradict: () => void;
  /** A frame is here while earlier ones are missing. Told once a gap. */
  readonly miss: () => void;
}

interface Held {
  readonly attempt: number;
  readonly content: FrameContent;
}

/** Frames kept while an earlier one is missing. */
const REORDER_LIMIT = 4096;

/**
 * Puts the frames of one response in order and follows it from attempt to attempt. A later attempt either begins from
 * the start, while no body was taken, or goes on at its handover. Before that, and only there, frames of earlier
 * attempts count: Redis lets none of them pass that is later.
 */
export class FrameOrder {
  /** The latest attempt seen; 0 before the first frame. */
  attempt = 0;
  /** Sequence number of the next frame to take. */
  expected = 0;
  /** True once a body was taken. */
  begun = false;
  /** True while a frame is held back because an earlier one is missing. */
  gap = false;

  /** The attempt's first frame was seen, and has this number. */
  private firstOfAttempt: number | undefined;
  private takenAttempt = 0;
  /** Hardly ever needed, so made when it is. */
  private held: Map<number, Held> | undefined;

  constructor(private readonly frames: OrderedFrames) {}

  /** Where a replay would have to start. */
  get missing(): number {
    return this.firstOfAttempt === undefined && !this.begun ? 0 : this.expected;
  }

  /**
   * @returns false for a frame that does not count
   * @throws FrameFormatError for a frame that cannot be read; it is then as if it had not come.
   */
  accept(frame: Frame): boolean {
    if (frame.attempt < this.attempt && frame.sequence >= (this.firstOfAttempt ?? 0)) return false;
    const content = readContent(frame);
    const unknown = frame.attempt > this.attempt || this.firstOfAttempt === undefined;
    if (unknown && !this.follow(frame)) return false;
    this.place(frame, content);
    return true;
  }

  /** Takes what is missing from the log of the response. */
  fill(logged: LoggedResponse): void {
    if (logged.next === 0) return;
    if (logged.attempt < this.attempt) return this.fillBefore(logged);
    if (!this.agrees(logged)) {
      // The log may be behind: Redis has lost its end, or it reached its limit.
      if (logged.attempt === this.takenAttempt) return;
      if (this.begun) return this.frames.contradict();
      this.restart();
    }
    const first = logged.frames.findIndex(({ attempt }) => attempt === logged.attempt);
    this.attempt = logged.attempt;
    this.firstOfAttempt = first;
    this.forgetHeld(first);
    this.takeLogged(logged, logged.next);
  }

  /** The log was read before the attempt that is known here had written to it. */
  private fillBefore(logged: LoggedResponse): void {
    if (this.firstOfAttempt === undefined || !this.agrees(logged)) return;
    this.takeLogged(logged, Math.min(logged.next, this.firstOfAttempt));
  }

  /** Bodies that follow each other are taken as one piece of the log's own bytes, which all its readers share. */
  private takeLogged({ frames, body }: LoggedResponse, end: number): void {
    const start = this.expected;
    let from = 0;
    let to = 0;
    const takeBody = (): void => {
      if (to > from) this.frames.take({ kind: 'body', bytes: body.subarray(from, to) });
      from = to;
    };
    for (const [sequence, frame] of frames.slice(0, end).entries()) {
      if (frame.kind === 'body') to += frame.payload.length;
      if (sequence < start) from = to;
      else if (frame.kind === 'body') this.note(frame);
      else {
        takeBody();
        this.take(frame.attempt, readContent(frame));
      }
    }
    takeBody();
    this.takeHeld();
  }

  /** What was taken is how the logged response begins. */
  private agrees({ frames }: LoggedResponse): boolean {
    return this.expected === 0 || frames[this.expected - 1]?.attempt === this.takenAttempt;
  }

  /**
   * A frame of an attempt whose first frame has not been seen.
   * @returns false when that attempt does not go on from what was taken
   */
  private follow({ attempt, sequence, kind }: Frame): boolean {
    const first = sequence === 0 || kind === 'handover';
    // Where the attempt began, at the latest.
    const began = first ? sequence : sequence - 1;
    if (began < this.expected && (this.begun || kind === 'handover')) {
      this.frames.contradict();
      return false;
    }
    this.attempt = attempt;
    this.firstOfAttempt = first ? sequence : undefined;
    if (sequence === 0) this.restart();
    this.forgetHeld(this.firstOfAttempt ?? 0);
    return true;
  }

  private restart(): void {
    if (this.expected > 0) this.frames.restart();
    this.expected = 0;
  }

  /** Drops what is held of earlier attempts from `sequence` on. */
  private forgetHeld(sequence: number): void {
    for (const [number, { attempt }] of this.held ?? []) {
      if (attempt < this.attempt && number >= sequence) this.held?.delete(number);
    }
  }

  private place({ attempt, sequence }: Frame, content: FrameContent): void {
    const followed = this.firstOfAttempt !== undefined;
    if (followed && sequence < this.expected) return;
    if (!followed || sequence > this.expected) return this.hold(sequence, { attempt, content });
    this.take(attempt, content);
    if (this.held !== undefined) this.takeHeld();
  }

  private hold(sequence: number, frame: Held): void {
    this.held ??= new Map();
    if (this.held.size >= REORDER_LIMIT) return;
    this.held.set(sequence, frame);
    if (this.gap) return;
    this.gap = true;
    this.frames.miss();
  }

  private takeHeld(): void {
    for (const sequence of this.held?.keys() ?? []) if (sequence < this.expected) this.held?.delete(sequence);
    for (let next = this.held?.get(this.expected); next !== undefined; next = this.held?.get(this.expected)) {
      this.held?.delete(this.expected);
      this.take(next.attempt, next.content);
    }
    this.gap = (this.held?.size ?? 0) > 0;
  }

  private take(attempt: number, content: FrameContent): void {
    this.note({ attempt, kind: content.kind });
    this.frames.take(content);
  }

  private note({ attempt, kind }: Pick<Frame, 'attempt' | 'kind'>): void {
    this.expected++;
    this.takenAttempt = attempt;
    if (kind === 'body') this.begun = true;
  }
}
