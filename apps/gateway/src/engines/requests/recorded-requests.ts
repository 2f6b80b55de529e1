import { parseContract, RecordedRequest, type Names } from '#contracts';
import { publishTo, type RedisClient } from '#redis';

/** The latest inference calls of every model, over all gateways. */
export abstract class RecordedRequests {
  /** Keeps a record in the place of the oldest of its model, and tells those who listen. Never rejects. */
  abstract add(record: RecordedRequest, keep: number): Promise<void>;

  /** Of one model, oldest first. Never rejects: what cannot be read is not there. */
  abstract of(modelId: string): Promise<readonly RecordedRequest[]>;

  /** Calls `listener` with each call that is recorded from now on. @returns a function that ends this */
  abstract listen(listener: (record: RecordedRequest) => void): () => void;
}

/** Records of a model nobody asks any more are gone after this; ms. */
const RETENTION_MS = 24 * 3_600 * 1_000;

export interface RedisRecordedRequestsOptions {
  readonly redis: RedisClient;
  readonly subscriber: RedisClient;
  readonly names: Names;
  /** A record that could not be read or kept; for the log. */
  readonly onBadMessage?: (error: Error) => void;
}

export class RedisRecordedRequests extends RecordedRequests {
  private readonly listeners = new Set<(record: RecordedRequest) => void>();

  constructor(private readonly options: RedisRecordedRequestsOptions) {
    super();
  }

  /** Resolves when records of all gateways are being received. */
  async start(): Promise<void> {
    const { subscriber, names } = this.options;
    subscriber.on('message', (channel: string, text: string) => {
      if (channel !== names.recordedRequestsChannel() || this.listeners.size === 0) return;
      for (const record of this.read([text])) for (const listener of this.listeners) listener(record);
    });
    await subscriber.subscribe(names.recordedRequestsChannel());
  }

  override async add(record: RecordedRequest, keep: number): Promise<void> {
    const { redis, names, onBadMessage } = this.options;
    const key = names.recordedRequestsKey(record.modelId);
    const json = JSON.stringify(record);
    try {
      await redis
        .multi()
        .lpush(key, json)
        .ltrim(key, 0, keep - 1)
        .pexpire(key, RETENTION_MS)
        .exec();
      await publishTo(redis, names.recordedRequestsChannel(), json);
    } catch (error) {
      onBadMessage?.(error as Error);
    }
  }

  override async of(modelId: string): Promise<readonly RecordedRequest[]> {
    const { redis, names } = this.options;
    const kept = await redis.lrange(names.recordedRequestsKey(modelId), 0, -1).catch(() => []);
    return this.read(kept).toReversed();
  }

  override listen(listener: (record: RecordedRequest) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private read(texts: readonly string[]): RecordedRequest[] {
    return texts.flatMap((text) => {
      try {
        return [parseContract(RecordedRequest, text)];
      } catch (error) {
        this.options.onBadMessage?.(error as Error);
        return [];
      }
    });
  }
}
