import { type Frame, type FrameFin, type FrameHead, LongshoreError, isErrorCode } from '#contracts';
import { type FrameContent, readContent } from './frame-content.js';

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

/** Frames kept while an earlier one is missing. */
const REORDER_LIMIT = 4096;

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

  private attempt = 0;
  private expected = 0;
  /** Frames that came while an earlier one is missing; hardly ever needed, so made when it is. */
  private ahead: Map<number, FrameContent> | undefined;
  private received: FrameHead | undefined;
  private unread: Buffer[] = [];
  private unreadBytes = 0;
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

  /** Asks the worker for everything that has not arrived yet. For when messages may have been lost unseen. */
  requestReplay(): void {
    if (this.end === undefined) this.requests.replay(this.attempt, this.expected);
  }

  /** True while the worker is asked not to go on, because nobody reads. */
  get held(): boolean {
    return this.paused;
  }

  /** True once body bytes came: the response can then no longer begin again on another worker. */
  get begun(): boolean {
    return this.expected > 1;
  }

  /** @throws FrameFormatError for a head or fin that is none; the response is then as if the frame had not come. */
  accept(frame: Frame, now: number): void {
    if (this.end !== undefined || frame.attempt < this.attempt) return;
    const content = readContent(frame);
    if (frame.attempt > this.attempt && !this.restart(frame.attempt)) return;
    this.lastActivity = now;
    if (frame.sequence < this.expected) return;
    if (frame.sequence > this.expected) return this.holdBack(frame.sequence, content, now);
    this.take(content);
    for (let next = this.nextHeld(); next !== undefined; next = this.nextHeld()) this.take(next);
    if (this.ahead === undefined || this.ahead.size === 0) this.gapSince = undefined;
    this.wake?.();
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

  /** Everything received since the last step, as one buffer a step. */
  async *body(): AsyncGenerator<Buffer, void, void> {
    for (;;) {
      while (this.unread.length > 0) yield this.read();
      if (this.end !== undefined) {
        const error = failure(this.end);
        if (error !== undefined) throw error;
        return;
      }
      await this.change();
    }
  }

  /** A new attempt may only begin what the client has seen nothing of. */
  private restart(attempt: number): boolean {
    if (this.begun) return false;
    this.attempt = attempt;
    this.expected = 0;
    this.received = undefined;
    this.ahead = undefined;
    return true;
  }

  private holdBack(sequence: number, content: FrameContent, now: number): void {
    this.ahead ??= new Map();
    if (this.ahead.size >= REORDER_LIMIT) return;
    this.ahead.set(sequence, content);
    if (this.gapSince !== undefined) return;
    this.gapSince = now;
    this.requestReplay();
  }

  private nextHeld(): FrameContent | undefined {
    const content = this.ahead?.get(this.expected);
    if (content !== undefined) this.ahead?.delete(this.expected);
    return content;
  }

  private take(content: FrameContent): void {
    this.expected++;
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
    this.unreadBytes += bytes.length;
    if (!this.paused && this.unreadBytes > PAUSE_BYTES) {
      this.paused = true;
      this.requests.pause();
    }
    if (this.unreadBytes > LIMIT_BYTES) this.fail(new LongshoreError('slow_client'));
  }

  private read(): Buffer {
    const [only] = this.unread;
    const bytes = this.unread.length === 1 && only !== undefined ? only : Buffer.concat(this.unread);
    this.unread = [];
    this.unreadBytes = 0;
    if (this.paused) {
      this.paused = false;
      this.requests.resume();
    }
    return bytes;
  }

  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = () => {
        this.wake = undefined;
        resolve();
      };
    });
  }
}

function failure(end: FrameFin | LongshoreError): LongshoreError | undefined {
  if (end instanceof LongshoreError) return end;
  if (end.outcome === 'completed') return undefined;
  if (end.outcome === 'cancelled')
    return new LongshoreError('worker_lost', 'The worker gave the request up.');
  return new LongshoreError(isErrorCode(end.code) ? end.code : 'internal', end.message);
}
