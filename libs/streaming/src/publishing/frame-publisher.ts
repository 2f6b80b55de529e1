import type { Frame } from '#contracts';
import { heldBytesOf, onConnected } from '#redis';
import { Backlog } from './backlog.js';
import { UNLOGGED } from '../frames/frame-codec.js';
import { FrameWriter } from './frame-writer.js';
import { FinishedResponses } from './finished-responses.js';
import { LogMender } from './log-mender.js';
import { Outbox } from './outbox.js';
import {
  type FramePublisherOptions,
  PUBLISHER_DEFAULTS,
  type PublisherSettings,
} from './publisher-options.js';
import { ReplayBuffer } from './replay-buffer.js';
import { Transmitter } from './transmitter.js';
import type { ResponseAddress, WriterOptions } from './writer-options.js';

/** Bytes handed to Redis and not yet taken by it, above which writers report congestion. */
const CONGESTION_BYTES = 4 * 1024 * 1024;

/** How often it is asked whether a gateway that nobody listened for is there again; ms. */
const PROBE_INTERVAL_MS = 50;

/**
 * Sends the frames of all responses of one worker, and logs those of responses that have a log in the same command. All
 * frames written for one gateway in one turn of the event loop travel in one command: no timer, one token a message when
 * idle, dozens when busy.
 *
 * Frames that reached no subscriber are sent again when one listens; receivers drop what they have seen.
 */
export class FramePublisher {
  private readonly settings: PublisherSettings;
  private readonly outboxes = new Map<string, Outbox>();
  private readonly writers = new Map<string, FrameWriter>();
  private readonly finished: FinishedResponses;
  private readonly mender: LogMender;
  private readonly transmitter: Transmitter;
  private readonly timer: NodeJS.Timeout;
  private flushScheduled = false;

  constructor(private readonly options: FramePublisherOptions) {
    const { redis, names } = options;
    this.settings = { ...PUBLISHER_DEFAULTS, ...options };
    this.transmitter = new Transmitter(redis, names);
    this.mender = new LogMender(this.transmitter.redis, names);
    this.finished = new FinishedResponses(this.settings, (writer) => this.forget(writer));
    this.timer = setInterval(() => this.tick(Date.now()), PROBE_INTERVAL_MS);
    this.timer.unref();
    onConnected(redis, this.suspectLogs);
  }

  /** A writer for one attempt of one response. Replaces the writer of an earlier attempt. */
  open(address: ResponseAddress, options: WriterOptions = {}): FrameWriter {
    const sent = new ReplayBuffer(this.settings.replayCapacity, options.continueFrom?.next ?? 0);
    const writer = new FrameWriter(address, sent, options, this.enqueue, () => this.isBehind(address));
    this.writers.set(address.requestId, writer);
    void writer.ended.then(() => this.keepFinished(writer));
    return writer;
  }

  /** True while Redis takes frames more slowly than engines make them: stop reading from engines. */
  get congested(): boolean {
    return this.transmitter.pendingBytes > CONGESTION_BYTES || this.options.redis.status !== 'ready';
  }

  /**
   * Sends the frames of a response again, from `sequence` of `attempt` on, or from where this worker's attempt began.
   * @returns false when this worker does not have them.
   */
  replay(requestId: string, attempt: number, sequence: number): boolean {
    const writer = this.writers.get(requestId);
    if (writer === undefined || writer.address.attempt < attempt) return false;
    const from = writer.address.attempt === attempt ? Math.max(sequence, writer.first) : writer.first;
    const frames = writer.sent.from(from);
    if (frames === undefined) return false;
    writer.takeUnheard();
    this.repeat(writer, frames);
    return true;
  }

  /** Resolves when every frame written so far has been taken by Redis, or the connection has ended. */
  async drain(): Promise<void> {
    while (
      (this.flushScheduled || this.transmitter.pendingBytes > 0) &&
      this.options.redis.status !== 'end'
    ) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Forgets every response, and frames that are not on their way yet; see {@link drain}. The connection stays its owner's. */
  close(): void {
    clearInterval(this.timer);
    this.writers.clear();
    this.outboxes.clear();
    this.finished.clear();
  }

  private repeat(writer: FrameWriter, frames: readonly Frame[]): void {
    for (const frame of frames) this.enqueue(writer, frame, UNLOGGED);
  }

  private readonly enqueue = (writer: FrameWriter, frame: Frame, flags: number): void => {
    this.outbox(writer.address.gatewayId).push(writer, frame, flags);
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    setImmediate(() => this.flush());
  };

  private outbox(gatewayId: string): Outbox {
    let outbox = this.outboxes.get(gatewayId);
    if (outbox === undefined) {
      const { redis, names } = this.options;
      const backlog = new Backlog(() => heldBytesOf(redis, gatewayId));
      outbox = new Outbox(gatewayId, names.replyChannel(gatewayId), backlog);
      this.outboxes.set(gatewayId, outbox);
    }
    return outbox;
  }

  private isBehind({ gatewayId }: ResponseAddress): boolean {
    return this.outboxes.get(gatewayId)?.backlog.behind ?? false;
  }

  private flush(): void {
    this.flushScheduled = false;
    for (const outbox of this.outboxes.values()) if (!outbox.empty) void this.publish(outbox);
  }

  private async publish(outbox: Outbox): Promise<void> {
    const batch = outbox.takeBatch();
    const { heard, logged, fences } = await this.transmitter.send(outbox, batch, Date.now());
    outbox.answered(heard, Date.now());
    for (let index = 0; index < batch.frames.length; index++) {
      const frame = batch.frames[index];
      const writer = batch.writers[index];
      if (frame === undefined || writer === undefined) continue;
      if (fences !== undefined && (fences.get(frame.stream) ?? 0) > frame.attempt) writer.fence();
      else writer.published(frame, heard);
      if (!logged) this.mender.suspect(writer);
    }
  }

  private tick(now: number): void {
    this.finished.forgetOld(now);
    if (this.options.redis.status !== 'ready') return;
    if (this.mender.due(now)) {
      this.flush();
      void this.mender.mend(now);
    }
    for (const outbox of this.outboxes.values()) void this.probe(outbox, now);
  }

  private async probe(outbox: Outbox, now: number): Promise<void> {
    const answer = await outbox.probe(() => this.transmitter.probe(outbox), now, PROBE_INTERVAL_MS);
    if (answer === undefined) return;
    if (answer.heard) {
      for (const writer of outbox.writers.values()) this.repeat(writer, writer.takeUnheard());
      return;
    }
    const lost = [...outbox.writers.values()].filter((writer) => answer.silence > this.patienceWith(writer));
    if (lost.length === 0) return;
    for (const writer of lost) outbox.forget(writer);
    if (outbox.writers.size === 0 && outbox.empty) this.outboxes.delete(outbox.gatewayId);
    const open = lost.filter((writer) => !writer.finished);
    if (open.length > 0) this.options.onGatewayLost?.(open.map((writer) => writer.address.requestId));
  }

  /** How long a response goes on without anybody listening; ms. */
  private patienceWith(writer: FrameWriter): number {
    const { resumeWindow = 0 } = writer.options;
    return writer.logging && resumeWindow > 0 ? resumeWindow : this.settings.gatewayGrace;
  }

  /** Redis was away, and may have lost what it had. */
  private readonly suspectLogs = (): void => {
    const now = Date.now();
    for (const writer of this.writers.values()) {
      const { retention = 0 } = writer.options.log ?? {};
      if (now - (this.finished.endOf(writer) ?? now) < retention) this.mender.suspect(writer);
    }
  };

  private keepFinished(writer: FrameWriter): void {
    if (writer.fenced) this.forget(writer);
    else this.finished.keep(writer, Date.now());
  }

  private forget(writer: FrameWriter): void {
    const { requestId, gatewayId } = writer.address;
    if (this.writers.get(requestId) === writer) this.writers.delete(requestId);
    this.mender.forget(writer);
    const outbox = this.outboxes.get(gatewayId);
    if (outbox === undefined) return;
    outbox.forget(writer);
    if (outbox.writers.size === 0 && outbox.empty) this.outboxes.delete(gatewayId);
  }
}
