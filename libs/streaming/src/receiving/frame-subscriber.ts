import type { Frame, Names, RequestIdParts } from '#contracts';
import type { RedisClient } from '#redis';
import { decodeBatch } from '../frames/frame-codec.js';
import { ResponseStream, type ResponseRequests } from './response-stream.js';

export interface FrameSubscriberOptions {
  /** A connection for pub/sub that this subscriber owns the subscriptions of. */
  readonly redis: RedisClient;
  readonly names: Names;
  readonly gatewayId: string;
  /**
   * A frame came for a response that nobody here reads: one of this gateway that is no longer open, or one of another
   * gateway of which others are followed here. Perhaps its job should be stopped.
   */
  readonly onOrphan?: (stream: number, gatewayId: string) => void;
  /** A message could not be read; for the log. */
  readonly onBadMessage?: (error: Error) => void;
}

/** Who follows the responses of one gateway. */
interface Followed {
  readonly gatewayId: string;
  readonly subscribed: Promise<unknown>;
  readonly responses: Map<number, Set<ResponseStream>>;
}

/** Receives the frames of all responses of one gateway on its one reply channel, and of others' while they are followed. */
export class FrameSubscriber {
  private readonly open = new Map<number, ResponseStream>();
  /** By reply channel; this gateway's own only while one of its responses is followed. */
  private readonly followed = new Map<string, Followed>();
  private readonly channel: string;
  private nextStream = 1;

  constructor(private readonly options: FrameSubscriberOptions) {
    this.channel = options.names.replyChannel(options.gatewayId);
  }

  /** Resolves when the reply channel is subscribed to: only then may jobs name it. */
  async start(): Promise<void> {
    const { redis } = this.options;
    redis.on('messageBuffer', (from: Buffer, message: Buffer) => this.receive(from.toString(), message));
    let connectedBefore = redis.status === 'ready';
    redis.on('ready', () => {
      if (connectedBefore) setImmediate(() => this.requestReplays());
      connectedBefore = true;
    });
    await redis.subscribe(this.channel);
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

  /**
   * A response of any gateway, received beside whoever else receives it. Resolves when what is published from now on
   * arrives; what was published before is in the log, to `fill` it with. The caller ends it with {@link unfollow}.
   */
  async follow(parts: RequestIdParts, requests: ResponseRequests): Promise<ResponseStream> {
    const response = new ResponseStream(requests, Date.now());
    const channel = this.options.names.replyChannel(parts.gatewayId);
    const followed = this.followed.get(channel) ?? {
      gatewayId: parts.gatewayId,
      subscribed: channel === this.channel ? Promise.resolve() : this.options.redis.subscribe(channel),
      responses: new Map<number, Set<ResponseStream>>(),
    };
    this.followed.set(channel, followed);
    const responses = followed.responses.get(parts.stream) ?? new Set();
    followed.responses.set(parts.stream, responses.add(response));
    try {
      await followed.subscribed;
    } catch (error) {
      this.unfollow(parts, response);
      throw error;
    }
    return response;
  }

  /** Ends what {@link follow} began, for one follower or for all of the response. May be called again. */
  unfollow({ gatewayId, stream }: RequestIdParts, response?: ResponseStream): void {
    const channel = this.options.names.replyChannel(gatewayId);
    const followed = this.followed.get(channel);
    const responses = followed?.responses.get(stream);
    if (followed === undefined || responses === undefined) return;
    if (response === undefined) responses.clear();
    else responses.delete(response);
    if (responses.size > 0) return;
    followed.responses.delete(stream);
    if (followed.responses.size > 0) return;
    this.followed.delete(channel);
    // Answered late or never while Redis is away; a message that still comes is for nobody.
    if (channel !== this.channel) this.options.redis.unsubscribe(channel).catch(() => undefined);
  }

  /** After a reconnect nobody knows what was missed: ask for everything that is still open. */
  private requestReplays(): void {
    for (const response of this.open.values()) response.requestReplay();
    for (const { responses } of this.followed.values()) {
      for (const followers of responses.values()) for (const response of followers) response.requestReplay();
    }
  }

  private receive(channel: string, message: Buffer): void {
    const followed = this.followed.get(channel);
    const own = channel === this.channel;
    if (!own && followed === undefined) return;
    let frames: Frame[];
    try {
      frames = decodeBatch(message);
    } catch (error) {
      this.options.onBadMessage?.(error as Error);
      return;
    }
    const now = Date.now();
    for (const frame of frames) {
      const followers = followed?.responses.get(frame.stream);
      for (const response of followers ?? []) this.hand(frame, response, now);
      const open = own ? this.open.get(frame.stream) : undefined;
      if (open !== undefined) this.hand(frame, open, now);
      else if (followers === undefined && frame.kind !== 'fin')
        this.options.onOrphan?.(frame.stream, followed?.gatewayId ?? this.options.gatewayId);
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
