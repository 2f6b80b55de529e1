import { randomBytes } from 'node:crypto';
import type { Names } from '#contracts';
import type { RedisClient } from '#redis';
import { reachingRedis } from './reaching-redis.js';

const SECRET_BYTES = 32;

/** The secret by which the processes of one cluster recognise each other at store servers. Whoever asks first makes it. */
export class StoreSecret {
  private known: Promise<string> | undefined;

  constructor(
    private readonly redis: RedisClient,
    private readonly names: Names,
  ) {}

  /** Asked of Redis once. @throws LongshoreError `redis_unavailable` */
  get(): Promise<string> {
    const asked = (this.known ??= this.read());
    asked.catch(() => {
      if (this.known === asked) this.known = undefined;
    });
    return asked;
  }

  /** Asks Redis again, because a token was refused: another secret holds when Redis has lost the one before. */
  refresh(): Promise<string> {
    this.known = undefined;
    return this.get();
  }

  private async read(): Promise<string> {
    const key = this.names.storeSecretKey();
    const offered = randomBytes(SECRET_BYTES).toString('hex');
    return reachingRedis(async () => {
      await this.redis.set(key, offered, 'NX');
      return (await this.redis.get(key)) ?? offered;
    });
  }
}
