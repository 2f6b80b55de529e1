import { type Frame, type FrameFin, type FrameHead, Names } from '#contracts';
import type { RedisClient } from '#redis';
import { encodeBatch } from './frame-codec.js';
import { ReplayBuffer } from './replay-buffer.js';

/** Which response a writer writes. */
export interface ResponseAddress {
  readonly requestId: string;
  readonly gatewayId: string;
  readonly stream: number;
  readonly attempt: number;
}

export interface FramePublisherOptions {
  readonly redis: RedisClient;
  readonly names: Names;
  /** Payload bytes kept for replay, per response. */
  readonly replayCapacity?: number;
  /** How long a finished response can still be replayed; ms. */
  readonly replayRetention?: number;
  /** After this long without any receiver a gateway counts as gone; ms. */
  readonly gatewayGrace?: number;
  /** A gateway is gone: nobody will read these responses. */
  readonly onGatewayLost?: (requestIds: readonly string[]) => void;
}

const DEFAULTS = { replayCapacity: 1024 * 1024, replayRetention: 30_000, gatewayGrace: 10_000 };

/** Bytes handed to Redis and not yet taken by it, above which writers report congestion. */
const CONGESTION_BYTES = 4 * 1024 * 1024;

/** How often lost frames are sent again to a gateway that nobody listens for; ms. */
const RETRY_INTERVAL_MS = 250;

/** One gateway as this worker sees it. */
interface Outbox {
  readonly channel: string;
  readonly frames: Frame[];
  readonly writers: Map<number, FrameWriter>;
  /** Since when publishes have reached nobody; undefined while they arrive. */
  unheardSince: number | undefined;
}

/**
 * Sends the frames of all responses of one worker. All frames written for one gateway in one turn of the event loop
 * travel in one PUBLISH: no timer, one token a message when idle, dozens when busy.
 *
 * Frames that reached no subscriber are sent again until one listens; receivers drop what they have seen.
 */
export class FramePublisher {
  private readonly settings: Required<Omit<FramePublisherOptions, 'redis' | 'names' | 'onGatewayLost'>>;
  private readonly outboxes = new Map<string, Outbox>();
  private readonly writers = new Map<string, FrameWriter>();
  private readonly expiries = new Set<NodeJS.Timeout>();
  private readonly retryTimer: NodeJS.Timeout;
  private flushScheduled = false;
  private pendingBytes = 0;

  constructor(private readonly options: FramePublisherOptions) {
    this.settings = { ...DEFAULTS, ...options };
    this.retryTimer = setInterval(() => this.retryUnheard(Date.now()), RETRY_INTERVAL_MS);
    this.retryTimer.unref();
  }

  /** A writer for one attempt of one response. Replaces the writer of an earlier attempt. */
  open(address: ResponseAddress): FrameWriter {
    const outbox = this.outbox(address.gatewayId);
    const writer = new FrameWriter(address, new ReplayBuffer(this.settings.replayCapacity), (frame) =>
      this.enqueue(outbox, frame),
    );
    outbox.writers.set(address.stream, writer);
    this.writers.set(address.requestId, writer);
    void writer.finished.then(() => this.expire(writer, outbox));
    return writer;
  }

  /** True while Redis takes frames more slowly than engines make them: stop reading from engines. */
  get congested(): boolean {
    return this.pendingBytes > CONGESTION_BYTES || this.options.redis.status !== 'ready';
  }

  /**
   * Sends the frames of a response again, from `sequence` of `attempt` on.
   * @returns false when this worker does not have them.
   */
  replay(requestId: string, attempt: number, sequence: number): boolean {
    const writer = this.writers.get(requestId);
    if (writer === undefined || writer.address.attempt < attempt) return false;
    const frames = writer.sent.from(writer.address.attempt === attempt ? sequence : 0);
    if (frames === undefined) return false;
    const outbox = this.outbox(writer.address.gatewayId);
    for (const frame of frames) this.enqueue(outbox, frame);
    return true;
  }

  /** Resolves when every frame written so far has been taken by Redis. */
  async drain(): Promise<void> {
    while (this.flushScheduled || this.pendingBytes > 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (this.options.redis.status === 'end') return;
    }
  }

  close(): void {
    clearInterval(this.retryTimer);
    for (const timer of this.expiries) clearTimeout(timer);
    this.writers.clear();
    this.outboxes.clear();
  }

  private outbox(gatewayId: string): Outbox {
    let outbox = this.outboxes.get(gatewayId);
    if (outbox === undefined) {
      const channel = this.options.names.replyChannel(gatewayId);
      outbox = { channel, frames: [], writers: new Map(), unheardSince: undefined };
      this.outboxes.set(gatewayId, outbox);
    }
    return outbox;
  }

  private enqueue(outbox: Outbox, frame: Frame): void {
    outbox.frames.push(frame);
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    setImmediate(() => this.flush());
  }

  private flush(): void {
    this.flushScheduled = false;
    for (const outbox of this.outboxes.values()) {
      if (outbox.frames.length > 0) void this.publish(outbox, outbox.frames.splice(0));
    }
  }

  private async publish(outbox: Outbox, frames: readonly Frame[]): Promise<void> {
    const batch = encodeBatch(frames);
    this.pendingBytes += batch.length;
    try {
      const receivers = await this.options.redis.publish(outbox.channel, batch);
      if (receivers > 0) outbox.unheardSince = undefined;
      else this.markUnheard(outbox, frames);
    } catch {
      this.markUnheard(outbox, frames);
    } finally {
      this.pendingBytes -= batch.length;
    }
  }

  private markUnheard(outbox: Outbox, frames: readonly Frame[]): void {
    outbox.unheardSince ??= Date.now();
    for (const { stream, attempt, sequence } of frames) {
      const writer = outbox.writers.get(stream);
      if (writer?.address.attempt === attempt) writer.markUnheard(sequence);
    }
  }

  private retryUnheard(now: number): void {
    if (this.options.redis.status !== 'ready') return;
    for (const [gatewayId, outbox] of this.outboxes) {
      if (outbox.unheardSince === undefined) continue;
      const writers = [...outbox.writers.values()];
      if (now - outbox.unheardSince > this.settings.gatewayGrace) {
        this.outboxes.delete(gatewayId);
        this.options.onGatewayLost?.(writers.map((writer) => writer.address.requestId));
        continue;
      }
      for (const writer of writers) {
        for (const frame of writer.takeUnheard()) this.enqueue(outbox, frame);
      }
    }
  }

  private expire(writer: FrameWriter, outbox: Outbox): void {
    const timer = setTimeout(() => {
      this.expiries.delete(timer);
      const { requestId, gatewayId, stream } = writer.address;
      if (outbox.writers.get(stream) === writer) outbox.writers.delete(stream);
      if (this.writers.get(requestId) === writer) this.writers.delete(requestId);
      if (outbox.writers.size === 0 && this.outboxes.get(gatewayId) === outbox)
        this.outboxes.delete(gatewayId);
    }, this.settings.replayRetention);
    timer.unref();
    this.expiries.add(timer);
  }
}

/** Writes one attempt of one response: a head, then any number of bodies, then one fin. */
export class FrameWriter {
  readonly finished: Promise<void>;
  /** First frame that is known to have reached nobody; Infinity when there is none. */
  private unheardFrom = Infinity;
  private markFinished!: () => void;
  private sequence = 0;
  private ended = false;

  constructor(
    readonly address: ResponseAddress,
    readonly sent: ReplayBuffer,
    private readonly send: (frame: Frame) => void,
  ) {
    this.finished = new Promise((resolve) => (this.markFinished = resolve));
  }

  head(head: FrameHead): void {
    this.write('head', Buffer.from(JSON.stringify(head)));
  }

  body(bytes: Buffer): void {
    this.write('body', bytes);
  }

  /** Later calls are ignored: a response ends once. */
  fin(fin: FrameFin): void {
    if (this.ended) return;
    this.write('fin', Buffer.from(JSON.stringify(fin)));
    this.ended = true;
    this.markFinished();
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

  /** The frame with this number reached nobody. */
  markUnheard(sequence: number): void {
    this.unheardFrom = Math.min(this.unheardFrom, sequence);
  }

  private write(kind: Frame['kind'], payload: Buffer): void {
    if (this.ended) return;
    const { stream, attempt } = this.address;
    const frame: Frame = { stream, attempt, sequence: this.sequence++, kind, payload };
    this.sent.push(frame);
    this.send(frame);
  }
}
