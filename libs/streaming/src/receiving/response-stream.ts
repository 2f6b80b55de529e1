import { type Frame, type FrameFin, type FrameHead, LongshoreError, isErrorCode } from '#contracts';
import type { FrameContent } from '../frames/frame-content.js';
import { FrameOrder } from './frame-order.js';
import type { LoggedResponse } from '../log/resolve-log.js';
import { UnreadBytes } from './unread-bytes.js';

/** What a response asks of the worker that writes it. */
export interface ResponseRequests {
  /** Frames are missing from `sequence` of `attempt` on. */
  readonly replay: (attempt: number, sequence: number) => void;
  readonly pause: () => void;
  readonly resume: () => void;
}

/** Unread bytes above which the worker is asked to stop reading from the engine, until they are read. */
const PAUSE_BYTES = 256 * 1024;

/** Unread bytes a response may reach although it was paused; then the client is given up. */
const LIMIT_BYTES = 8 * 1024 * 1024;

const CONTRADICTION = 'The worker that was to go on with the answer does not know what was already sent.';

/**
 * One response as the gateway receives it: puts frames in order, drops repeated ones and those of old attempts, asks
 * for missing ones, and hands the bytes to one reader.
 *
 * `head()` resolves when the first frame is here. The reader then iterates `body()`; it ends with the `fin` frame and
 * throws LongshoreError when the response failed. `fail` ends it from outside; what was received before is still read.
 */
export class ResponseStream {
  /** Set by the first frame. */
  workerId: string | undefined;
  /** When the latest frame came, or the response was opened; ms since the epoch. */
  lastActivity: number;
  /** Since when a frame has been missing while later ones are here; ms since the epoch. */
  gapSince: number | undefined;

  private readonly order = new FrameOrder({
    take: (content) => this.take(content),
    restart: () => (this.received = undefined),
    contradict: () => this.fail(new LongshoreError('worker_lost', CONTRADICTION)),
    miss: () => this.requestReplay(),
  });
  private received: FrameHead | undefined;
  private readonly unread = new UnreadBytes();
  private end: FrameFin | LongshoreError | undefined;
  private paused = false;
  private wake: (() => void) | undefined;

  constructor(
    private readonly requests: ResponseRequests,
    now: number,
  ) {
    this.lastActivity = now;
  }

  get finished(): boolean {
    return this.end !== undefined;
  }

  /** Which try of the job is known to answer; 0 before the first frame. */
  get attempt(): number {
    return this.order.attempt;
  }

  /** The sequence number of the next frame: how many were taken. */
  get next(): number {
    return this.order.expected;
  }

  /** Asks the worker for everything that has not arrived yet. For when messages may have been lost unseen. */
  requestReplay(): void {
    if (this.end === undefined) this.requests.replay(this.order.attempt, this.order.missing);
  }

  /** True while the worker is asked not to go on, because nobody reads. */
  get held(): boolean {
    return this.paused;
  }

  /** True once body bytes came: the response can then no longer begin again on another worker. */
  get begun(): boolean {
    return this.order.begun;
  }

  /** @throws FrameFormatError for a frame that cannot be read; the response is then as if it had not come. */
  accept(frame: Frame, now: number): void {
    if (this.end !== undefined) return;
    if (this.order.accept(frame)) this.noteProgress(now);
  }

  /**
   * Takes from the log what has not arrived. Ends the response with `worker_lost` when a later attempt has written what
   * does not go on from what was taken.
   */
  fill(logged: LoggedResponse, now: number): void {
    if (this.end !== undefined) return;
    this.order.fill(logged);
    this.noteProgress(now);
  }

  /** Ends the response with an error, unless it has ended already. */
  fail(error: LongshoreError): void {
    if (this.end !== undefined) return;
    this.end = error;
    this.wake?.();
  }

  async head(): Promise<FrameHead> {
    for (;;) {
      if (this.received !== undefined) return this.received;
      if (this.end !== undefined)
        throw failure(this.end) ?? new LongshoreError('internal', 'The answer has no head.');
      await this.change();
    }
  }

  /**
   * What was received since the last step, as one buffer a step; a lot of it in several.
   * @param onEnd called when the iteration is over, also when the reader ends it early
   */
  async *body(onEnd?: () => void): AsyncGenerator<Buffer, void, void> {
    try {
      for (;;) {
        for (let bytes = this.read(); bytes !== undefined; bytes = this.read()) yield bytes;
        if (this.end !== undefined) {
          const error = failure(this.end);
          if (error !== undefined) throw error;
          return;
        }
        await this.change();
      }
    } finally {
      onEnd?.();
    }
  }

  private noteProgress(now: number): void {
    this.lastActivity = now;
    this.gapSince = this.order.gap ? (this.gapSince ?? now) : undefined;
    this.wake?.();
  }

  private take(content: FrameContent): void {
    if (this.end !== undefined) return;
    if (content.kind === 'head') {
      this.received = content.head;
      this.workerId = content.head.workerId;
    } else if (content.kind === 'fin') {
      this.end = content.fin;
    } else if (content.kind === 'handover') {
      this.workerId = content.handover.workerId;
    } else {
      this.store(content.bytes);
    }
  }

  private store(bytes: Buffer): void {
    this.unread.push(bytes);
    if (!this.paused && this.unread.length > PAUSE_BYTES) {
      this.paused = true;
      this.requests.pause();
    }
    if (this.unread.length > LIMIT_BYTES) this.fail(new LongshoreError('slow_client'));
  }

  private read(): Buffer | undefined {
    const bytes = this.unread.take();
    if (this.paused && this.unread.length <= PAUSE_BYTES) {
      this.paused = false;
      this.requests.resume();
    }
    return bytes;
  }

  private change(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }
}

function failure(end: FrameFin | LongshoreError): LongshoreError | undefined {
  if (end instanceof LongshoreError) return end;
  if (end.outcome === 'completed') return undefined;
  if (end.outcome === 'cancelled') return new LongshoreError('cancelled');
  return new LongshoreError(isErrorCode(end.code) ? end.code : 'internal', end.message);
}
