import type { Names } from '#contracts';
import type { RedisClient } from '#redis';
import { encodeBatch } from './frame-codec.js';
import { type LogCommands, withLogCommands } from './log-commands.js';
import { type Batch, type Outbox, timesToLive } from './outbox.js';

/** What became of a batch. */
export interface Transmission {
  /** Somebody was subscribed. */
  readonly heard: boolean;
  /** All that was to be logged is logged. */
  readonly logged: boolean;
  /** Streams whose frames were dropped, with the attempt that has their log. */
  readonly fences?: ReadonlyMap<number, number>;
}

const EMPTY_BATCH = encodeBatch([]);

/** Hands batches to Redis: published alone, or published and logged by one script. */
export class Transmitter {
  /** Bytes handed to Redis and not yet taken by it. */
  pendingBytes = 0;
  readonly redis: LogCommands;

  constructor(
    redis: RedisClient,
    private readonly names: Names,
  ) {
    this.redis = withLogCommands(redis);
  }

  async send(outbox: Outbox, batch: Batch, now: number): Promise<Transmission> {
    const bytes = encodeBatch(batch.frames, batch.flags);
    this.pendingBytes += bytes.length;
    try {
      if (!batch.scripted) {
        const receivers = await this.redis.publish(outbox.channel, bytes);
        return { heard: this.heardBy(receivers), logged: true };
      }
      const base = this.names.responsesKey(outbox.gatewayId);
      return this.read(
        await this.redis.publishFrames(base, outbox.channel, bytes, ...timesToLive(batch, now)),
      );
    } catch {
      return { heard: false, logged: false };
    } finally {
      this.pendingBytes -= bytes.length;
    }
  }

  /** Whether somebody listens; undefined when Redis did not say. */
  async probe({ channel }: Outbox): Promise<boolean | undefined> {
    try {
      return this.heardBy(await this.redis.publish(channel, EMPTY_BATCH));
    } catch {
      return undefined;
    }
  }

  private read(reply: unknown): Transmission {
    if (typeof reply === 'number') return { heard: this.heardBy(reply), logged: true };
    const [receivers = 0, refused = 0, ...pairs] = reply as readonly number[];
    const fences = new Map<number, number>();
    for (let index = 0; index < pairs.length; index += 2) {
      fences.set(pairs[index] ?? 0, pairs[index + 1] ?? 0);
    }
    return { heard: this.heardBy(receivers), logged: refused === 0, fences };
  }

  /** A Redis Cluster counts the subscribers on one node only, so none there means nothing. */
  private heardBy(receivers: number): boolean {
    return receivers > 0 || this.redis.isCluster;
  }
}
