import { type Frame, Names } from '#contracts';
import type { RedisClient } from '#redis';
import { encodeBatch } from './frame-codec.js';
import { FrameWriter, type ResponseAddress } from './frame-writer.js';
import { ReplayBuffer } from './replay-buffer.js';

export interface FramePublisherOptions {
  readonly redis: RedisClient;
  readonly names: Names;
  /** Payload bytes kept for replay, per response. */
  readonly replayCapacity?: number;
  /** How long a finished response can still be replayed; ms. */
  readonly replayRetention?: number;
  /** Bytes kept of finished responses, all together; the oldest go first. */
  readonly finishedCapacity?: number;
  /** After this long without any receiver a gateway counts as gone; ms. */
  readonly gatewayGrace?: number;
  /** A gateway is gone: nobody will read these responses. */
  readonly onGatewayLost?: (requestIds: readonly string[]) => void;
}

const DEFAULTS = {
  replayCapacity: 1024 * 1024,
  replayRetention: 30_000,
  finishedCapacity: 32 * 1024 * 1024,
  gatewayGrace: 10_000,
};

/** Bytes handed to Redis and not yet taken by it, above which writers report congestion. */
const CONGESTION_BYTES = 4 * 1024 * 1024;

/** How often lost frames are sent again to a gateway that nobody listens for; ms. Engines wait as long. */
const RETRY_INTERVAL_MS = 50;

/** One gateway as this worker sees it. */
interface Outbox {
  readonly channel: string;
  readonly frames: Frame[];
  readonly writers: Map<number, FrameWriter>;
  /** Since when publishes have reached nobody; undefined while they arrive. */
  unheardSince: number | undefined;
}

interface FinishedResponse {
  readonly writer: FrameWriter;
  readonly at: number;
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
  private readonly finished: FinishedResponse[] = [];
  private finishedBytes = 0;
  private readonly timer: NodeJS.Timeout;
  private flushScheduled = false;
  private pendingBytes = 0;

  constructor(private readonly options: FramePublisherOptions) {
    this.settings = { ...DEFAULTS, ...options };
    this.timer = setInterval(() => this.tick(Date.now()), RETRY_INTERVAL_MS);
    this.timer.unref();
  }

  /** A writer for one attempt of one response. Replaces the writer of an earlier attempt. */
  open(address: ResponseAddress): FrameWriter {
    const writer = new FrameWriter(address, new ReplayBuffer(this.settings.replayCapacity), (frame) =>
      this.enqueue(writer, frame),
    );
    this.writers.set(address.requestId, writer);
    void writer.ended.then(() => this.keepFinished(writer, Date.now()));
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
    writer.takeUnheard();
    for (const frame of frames) this.enqueue(writer, frame);
    return true;
  }

  /** Resolves when every frame written so far has been taken by Redis, or the connection has ended. */
  async drain(): Promise<void> {
    while ((this.flushScheduled || this.pendingBytes > 0) && this.options.redis.status !== 'end') {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  close(): void {
    clearInterval(this.timer);
    this.writers.clear();
    this.outboxes.clear();
    this.finished.length = 0;
  }

  private enqueue(writer: FrameWriter, frame: Frame): void {
    const outbox = this.outbox(writer.address.gatewayId);
    outbox.writers.set(writer.address.stream, writer);
    outbox.frames.push(frame);
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    setImmediate(() => this.flush());
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

  private flush(): void {
    this.flushScheduled = false;
    for (const outbox of this.outboxes.values()) {
      if (outbox.frames.length > 0) void this.publish(outbox, outbox.frames.splice(0));
    }
  }

  private async publish(outbox: Outbox, frames: readonly Frame[]): Promise<void> {
    const batch = encodeBatch(frames);
    this.pendingBytes += batch.length;
    const receivers = await this.options.redis.publish(outbox.channel, batch).catch(() => 0);
    this.pendingBytes -= batch.length;
    const heard = receivers > 0;
    if (heard) outbox.unheardSince = undefined;
    else outbox.unheardSince ??= Date.now();
    for (const frame of frames) {
      const writer = outbox.writers.get(frame.stream);
      if (writer?.address.attempt === frame.attempt) writer.published(frame, heard);
    }
  }

  private tick(now: number): void {
    this.forgetFinished(now);
    if (this.options.redis.status !== 'ready') return;
    for (const [gatewayId, outbox] of this.outboxes) {
      if (outbox.unheardSince !== undefined) this.retry(gatewayId, outbox, now);
    }
  }

  private retry(gatewayId: string, outbox: Outbox, now: number): void {
    const writers = [...outbox.writers.values()];
    if (now - (outbox.unheardSince ?? now) > this.settings.gatewayGrace) {
      this.outboxes.delete(gatewayId);
      this.options.onGatewayLost?.(writers.map((writer) => writer.address.requestId));
      return;
    }
    for (const writer of writers) for (const frame of writer.takeUnheard()) this.enqueue(writer, frame);
    // With nothing left to send again there is nothing by which to tell whether somebody listens.
    if (outbox.frames.length === 0) outbox.unheardSince = undefined;
  }

  private keepFinished(writer: FrameWriter, at: number): void {
    this.finished.push({ writer, at });
    this.finishedBytes += writer.sent.size;
  }

  private forgetFinished(now: number): void {
    const { replayRetention, finishedCapacity } = this.settings;
    for (let oldest = this.finished[0]; oldest !== undefined; oldest = this.finished[0]) {
      if (now - oldest.at < replayRetention && this.finishedBytes <= finishedCapacity) return;
      this.finished.shift();
      this.finishedBytes -= oldest.writer.sent.size;
      this.forget(oldest.writer);
    }
  }

  private forget(writer: FrameWriter): void {
    const { requestId, gatewayId, stream } = writer.address;
    if (this.writers.get(requestId) === writer) this.writers.delete(requestId);
    const outbox = this.outboxes.get(gatewayId);
    if (outbox?.writers.get(stream) !== writer) return;
    outbox.writers.delete(stream);
    if (outbox.writers.size === 0 && outbox.frames.length === 0) this.outboxes.delete(gatewayId);
  }
}
