import type { Frame, FrameFin, FrameHandover, FrameHead } from '#contracts';
import { CAPPED, encodeLog, FRAME_HEADER, UNLOGGED } from '../frames/frame-codec.js';
import type { ReplayBuffer } from './replay-buffer.js';
import type { ResponseAddress, WriterOptions } from './writer-options.js';

/** Hands a frame over to be sent, with its flags. */
export type SendFrame = (writer: FrameWriter, frame: Frame, flags: number) => void;

/**
 * Writes one attempt of one response: a head (or a handover when it goes on with what another attempt began), then any
 * number of bodies, then one fin.
 */
export class FrameWriter {
  /** Resolves when nothing more will be written. */
  readonly ended: Promise<void>;
  /** Resolves when Redis has taken the fin frame, or will not for now: from then on the replay buffer serves. */
  readonly taken: Promise<void>;
  /** The first sequence number of this attempt. */
  readonly first: number;
  /** Bytes of the log, as far as this attempt knows: what it found and what it handed over since. */
  logged: number;
  private markEnded!: () => void;
  private markTaken!: () => void;
  /** First frame that is known to have reached nobody; Infinity when there is none. */
  private unheardFrom = Infinity;
  /** The frames from here on are not logged, but for the fin. */
  private unloggedFrom: number;
  private sequence: number;
  private over = false;
  private isFenced = false;

  constructor(
    readonly address: ResponseAddress,
    readonly sent: ReplayBuffer,
    readonly options: WriterOptions,
    private readonly send: SendFrame,
    private readonly isBehind: () => boolean = () => false,
  ) {
    const { next, bytes } = options.continueFrom ?? { next: 0, bytes: 0 };
    this.first = this.sequence = next;
    this.logged = bytes;
    this.unloggedFrom = this.hasLog ? Infinity : 0;
    this.ended = new Promise((resolve) => (this.markEnded = resolve));
    this.taken = new Promise((resolve) => (this.markTaken = resolve));
  }

  /** How the response begins; the first frame, unless the attempt goes on with what another began. */
  head(head: FrameHead): void {
    this.write('head', Buffer.from(JSON.stringify(head)));
  }

  /** Says that this attempt goes on where the log ends; the first frame of such a writer. */
  handover(workerId: string): void {
    this.write('handover', Buffer.from(JSON.stringify({ workerId } satisfies FrameHandover)));
  }

  /** Whole events of an event stream, or any bytes of another answer. The buffer is kept to be sent again, and must not change. */
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

  /** True when the response has a log at all. */
  get hasLog(): boolean {
    return (this.options.log?.limit ?? 0) > 0;
  }

  /** True while all that is written can be had from the log. */
  get logging(): boolean {
    return this.unloggedFrom === Infinity;
  }

  /** A later attempt has the log; nothing of this one is sent any more. */
  get fenced(): boolean {
    return this.isFenced;
  }

  /** True when nothing more will be written. */
  get finished(): boolean {
    return this.over;
  }

  /** The sequence number of the next frame. */
  get next(): number {
    return this.sequence;
  }

  /** True while frames are known to have reached nobody and are not logged: writing more would only lose them. */
  get unheard(): boolean {
    return this.unheardFrom !== Infinity && !this.logging;
  }

  /** True while the gateway has yet to read a lot of what was published to it: what comes now would be too much. */
  get behind(): boolean {
    return this.isBehind();
  }

  /** Frames to send again because nobody was there to hear them. */
  takeUnheard(): readonly Frame[] {
    const from = this.unheardFrom;
    this.unheardFrom = Infinity;
    return from === Infinity ? [] : (this.sent.from(from) ?? []);
  }

  /** Redis has answered for this frame; `heard` when somebody was subscribed. */
  published(frame: Frame, heard: boolean): void {
    if (!heard && frame.sequence < this.unheardFrom) this.unheardFrom = frame.sequence;
    if (frame.kind === 'fin') this.markTaken();
  }

  /** Redis refused a frame, because a later attempt has the log. */
  fence(): void {
    if (this.isFenced) return;
    this.isFenced = true;
    this.abandon();
    this.options.onFenced?.();
  }

  /**
   * What the log must hold of the frames `from` to before `to`.
   * @returns undefined when some of them are gone
   */
  logOf(from: number, to: number): Buffer | undefined {
    const inherited = from < this.first ? this.options.continueFrom?.frames?.slice(from) : [];
    const own = this.sent.from(Math.max(from, this.first));
    if (inherited === undefined || own === undefined) return undefined;
    const written = own.filter(({ sequence }) => sequence < to);
    const logged = written.filter(({ sequence, kind }) => sequence < this.unloggedFrom || kind === 'fin');
    const capped = written.find(({ sequence, kind }) => sequence === this.unloggedFrom && kind !== 'fin');
    return encodeLog([...inherited, ...logged], capped);
  }

  /** The log has a hole that cannot be filled: what comes after it would be of no use. */
  stopLogging(): void {
    this.unloggedFrom = Math.min(this.unloggedFrom, this.sequence);
  }

  /** How long the log is to live from now on; ms. */
  timeToLive(now: number): number {
    const { deadline = now, retention = 0 } = this.options.log ?? {};
    return Math.max(1, Math.ceil((this.over ? 0 : Math.max(0, deadline - now)) + retention));
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
    this.send(this, frame, this.flagsOf(frame));
  }

  private flagsOf({ kind, sequence, payload }: Frame): number {
    const { log } = this.options;
    if (log === undefined || log.limit === 0) return UNLOGGED;
    const size = FRAME_HEADER + payload.length;
    if (kind !== 'fin') {
      if (this.unloggedFrom < sequence) return UNLOGGED;
      if (this.unloggedFrom === sequence || this.logged + size > log.limit) {
        this.unloggedFrom = sequence;
        this.logged += FRAME_HEADER;
        return CAPPED;
      }
    }
    this.logged += size;
    return 0;
  }
}
