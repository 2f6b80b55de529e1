import { onConnected, type RedisClient } from '#redis';

/** Room for listeners besides BullMQ's, which makes a limit of none into one for its own. */
const OTHER_LISTENERS = 10;

/** The nodes of a cluster are connected to one after the other within this; ms. */
const FIRST_CONNECTIONS_MS = 5_000;

const known = new WeakMap<RedisClient, Readiness>();

/** Since when a connection has been ready. One for each connection, because a connection bears few listeners. */
export class Readiness {
  /** When the connection was last made anew; ms since the epoch, 0 while it is the first one. */
  returnedAt = 0;
  private readonly begunAt = performance.now();
  private since: number;
  private lost = false;
  private readonly listeners = new Set<() => void>();

  static of(redis: RedisClient): Readiness {
    const readiness = known.get(redis) ?? new Readiness(redis);
    known.set(redis, readiness);
    return readiness;
  }

  private constructor(redis: RedisClient) {
    this.since = redis.status === 'ready' ? performance.now() : Infinity;
    redis.setMaxListeners(redis.getMaxListeners() + OTHER_LISTENERS);
    redis.on('close', () => {
      this.lost ||= this.since !== Infinity;
      this.since = Infinity;
    });
    onConnected(redis, () => {
      if (this.lost || performance.now() - this.begunAt > FIRST_CONNECTIONS_MS) this.returnedAt = Date.now();
      this.since = performance.now();
      for (const listener of this.listeners) listener();
    });
  }

  /** How long the connection has been ready without a break; ms. Not positive while it is not. */
  get duration(): number {
    return performance.now() - this.since;
  }

  /** Calls back each time the connection becomes ready. @returns what ends that */
  onReady(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }
}
