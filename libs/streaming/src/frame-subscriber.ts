import type { Frame, Names } from '#contracts';
import type { RedisClient } from '#redis';
import { decodeBatch } from './frame-codec.js';
import { ResponseStream, type ResponseRequests } from './response-stream.js';

export interface FrameSubscriberOptions {
  /** A connection for pub/sub that this subscriber owns the subscriptions of. */
  readonly redis: RedisClient;
  readonly names: Names;
  readonly gatewayId: string;
  /** Frames came for a response that is no longer open: its job should be stopped. */
  readonly onOrphan?: (stream: number) => void;
  /** A message could not be read; for the log. */
  readonly onBadMessage?: (error: Error) => void;
}

/** Receives the frames of all responses of one gateway on its one reply channel. */
export class FrameSubscriber {
  private readonly open = new Map<number, ResponseStream>();
  private nextStream = 1;

  constructor(private readonly options: FrameSubscriberOptions) {}

  /** Resolves when the reply channel is subscribed to: only then may jobs name it. */
  async start(): Promise<void> {
    const { redis, names, gatewayId } = this.options;
    const channel = names.replyChannel(gatewayId);
    redis.on('messageBuffer', (from: Buffer, message: Buffer) => {
      if (from.toString() === channel) this.receive(message);
    });
    let connectedBefore = redis.status === 'ready';
    redis.on('ready', () => {
      if (connectedBefore) setImmediate(() => this.requestReplays());
      connectedBefore = true;
    });
    await redis.subscribe(channel);
  }

  /** A free number for a response. */
  allocate(): number {
    let stream = this.nextStream;
    while (this.open.has(stream)) stream = (stream + 1) >>> 0;
    this.nextStream = (stream + 1) >>> 0 || 1;
    return stream;
  }

  /** From now on frames with this number belong to the returned response. The caller closes it. */
  register(stream: number, requests: ResponseRequests): ResponseStream {
    const response = new ResponseStream(requests, Date.now());
    this.open.set(stream, response);
    return response;
  }

  close(stream: number): void {
    this.open.delete(stream);
  }

  /** After a reconnect nobody knows what was missed: ask for everything that is still open. */
  private requestReplays(): void {
    for (const response of this.open.values()) response.requestReplay();
  }

  private receive(message: Buffer): void {
    let frames: Frame[];
    try {
      frames = decodeBatch(message);
    } catch (error) {
      this.options.onBadMessage?.(error as Error);
      return;
    }
    const now = Date.now();
    for (const frame of frames) {
      const response = this.open.get(frame.stream);
      if (response !== undefined) this.hand(frame, response, now);
      else if (frame.kind !== 'fin') this.options.onOrphan?.(frame.stream);
    }
  }

  private hand(frame: Frame, response: ResponseStream, now: number): void {
    try {
      response.accept(frame, now);
    } catch (error) {
      this.options.onBadMessage?.(error as Error);
    }
  }
}
