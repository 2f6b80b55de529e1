import { ModelDefaults, type Names, parseContract } from '#contracts';
import type { RedisClient } from '#redis';
import { reachingRedis } from './reaching-redis.js';

/** What names of models bring along, kept in Redis. The catalogue forgets it with the name. */
export abstract class NamedDefaults {
  /** Undefined when the name brings nothing, or what is kept cannot be read. @throws LongshoreError `redis_unavailable` */
  abstract find(reference: string): Promise<ModelDefaults | undefined>;

  /** Takes the place of what the name brought. @throws LongshoreError `redis_unavailable` */
  abstract put(defaults: ModelDefaults): Promise<void>;

  /** @throws LongshoreError `redis_unavailable` */
  abstract remove(reference: string): Promise<void>;
}

export interface RedisNamedDefaultsOptions {
  readonly redis: RedisClient;
  readonly names: Names;
  /** An entry that cannot be read; for the log. */
  readonly onBadMessage?: (error: Error) => void;
}

/** All in one hash, a field for each full reference. */
export class RedisNamedDefaults extends NamedDefaults {
  private readonly key: string;

  constructor(private readonly options: RedisNamedDefaultsOptions) {
    super();
    this.key = options.names.catalogueDefaultsKey();
  }

  override async find(reference: string): Promise<ModelDefaults | undefined> {
    const json = await reachingRedis(() => this.options.redis.hget(this.key, reference));
    if (json === null) return undefined;
    try {
      return parseContract(ModelDefaults, json);
    } catch (error) {
      const { message } = error as Error;
      this.options.onBadMessage?.(new Error(`defaults of ${reference}: ${message}`, { cause: error }));
      return undefined;
    }
  }

  override async put(defaults: ModelDefaults): Promise<void> {
    await reachingRedis(() =>
      this.options.redis.hset(this.key, defaults.reference, JSON.stringify(defaults)),
    );
  }

  override async remove(reference: string): Promise<void> {
    await reachingRedis(() => this.options.redis.hdel(this.key, reference));
  }
}
