import type { Frame, FrameFin, FrameHead } from '#contracts';
import type { ReplayBuffer } from './replay-buffer.js';

/** Which response a writer writes. */
export interface ResponseAddress {
  readonly requestId: string;
  readonly gatewayId: string;
  readonly stream: number;
  readonly attempt: number;
}

/** Writes one attempt of one response: a head, then any number of bodies, then one fin. */
export class FrameWriter {
  /** Resolves when nothing more will be written. */
  readonly ended: Promise<void>;
  /** Resolves when Redis has taken the fin frame, or will not for now: from then on the replay buffer serves. */
  readonly taken: Promise<void>;
  private markEnded!: () => void;
  private markTaken!: () => void;
  /** First frame that is known to have reached nobody; Infinity when there is none. */
  private unheardFrom = Infinity;
  private sequence = 0;
  private over = false;

  constructor(
    readonly address: ResponseAddress,
    readonly sent: ReplayBuffer,
    private readonly send: (frame: Frame) => void,
  ) {
    this.ended = new Promise((resolve) => (this.markEnded = resolve));
    this.taken = new Promise((resolve) => (this.markTaken = resolve));
  }

  head(head: FrameHead): void {
    this.write('head', Buffer.from(JSON.stringify(head)));
  }

  body(bytes: Buffer): void {
    this.write('body', bytes);
  }

  /** Ends the response. Later calls are ignored: a response ends once. */
  fin(fin: FrameFin): void {
    this.write('fin', Buffer.from(JSON.stringify(fin)));
    this.end();
  }

  /** Ends without a word: another attempt will answer. */
  abandon(): void {
    this.end();
    this.markTaken();
  }

  /** True while frames are known to have reached nobody: writing more would only fill the replay buffer. */
  get unheard(): boolean {
    return this.unheardFrom !== Infinity;
  }

  /** Frames to send again because nobody was there to hear them. */
  takeUnheard(): readonly Frame[] {
    const from = this.unheardFrom;
    this.unheardFrom = Infinity;
    return from === Infinity ? [] : (this.sent.from(from) ?? []);
  }

  /** Redis has answered for this frame; `heard` when somebody was subscribed. */
  published(frame: Frame, heard: boolean): void {
    if (!heard) this.unheardFrom = Math.min(this.unheardFrom, frame.sequence);
    if (frame.kind === 'fin') this.markTaken();
  }

  private end(): void {
    this.over = true;
    this.markEnded();
  }

  private write(kind: Frame['kind'], payload: Buffer): void {
    if (this.over) return;
    const { stream, attempt } = this.address;
    const frame: Frame = { stream, attempt, sequence: this.sequence++, kind, payload };
    this.sent.push(frame);
    this.send(frame);
  }
}
