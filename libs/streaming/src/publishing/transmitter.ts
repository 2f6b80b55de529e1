import type { Names } from '#contracts';
import { countListeners, publishTo, type RedisClient } from '#redis';
import { encodeBatch } from '../frames/frame-codec.js';
import { type LogCommands, withLogCommands } from '../log/log-commands.js';
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
      const transmission = this.transmit(outbox, batch, bytes, now);
      outbox.backlog.published();
      return await transmission;
    } catch {
      return { heard: false, logged: false };
    } finally {
      this.pendingBytes -= bytes.length;
    }
  }

  /** Whether somebody listens; undefined when Redis did not say. */
  async probe(outbox: Outbox): Promise<boolean | undefined> {
    try {
      return (await this.publish(outbox, EMPTY_BATCH)) > 0;
    } catch {
      return undefined;
    }
  }

  private async transmit(outbox: Outbox, batch: Batch, bytes: Buffer, now: number): Promise<Transmission> {
    if (!batch.scripted) {
      const receivers = await this.publish(outbox, bytes);
      return { heard: receivers > 0, logged: true };
    }
    const base = this.names.responsesKey(outbox.gatewayId);
    const ttls = timesToLive(batch, now);
    return this.read(outbox, await this.redis.publishFrames(base, outbox.channel, bytes, ...ttls));
  }

  /** Where the script publishes, so that all batches keep their order. */
  private publish({ gatewayId, channel }: Outbox, bytes: Buffer): Promise<number> {
    return publishTo(this.redis, channel, bytes, this.names.responsesKey(gatewayId));
  }

  private async read(outbox: Outbox, reply: unknown): Promise<Transmission> {
    if (typeof reply === 'number') return { heard: await this.heardBy(outbox, reply), logged: true };
    const [receivers = 0, refused = 0, ...pairs] = reply as readonly number[];
    const fences = new Map<number, number>();
    for (let index = 0; index < pairs.length; index += 2) {
      fences.set(pairs[index] ?? 0, pairs[index + 1] ?? 0);
    }
    return { heard: await this.heardBy(outbox, receivers), logged: refused === 0, fences };
  }

  /** @param receivers as the script counted them */
  private async heardBy({ channel }: Outbox, receivers: number): Promise<boolean> {
    return receivers > 0 || (await countListeners(this.redis, channel, receivers)) > 0;
  }
}
