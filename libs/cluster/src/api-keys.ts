import { createHash, randomBytes } from 'node:crypto';
import { ApiKey, type Names, parseContract } from '#contracts';
import type { RedisClient } from '#redis';
import { reachingRedis } from './reaching-redis.js';

const KEY_BYTES = 32;
const ID_BYTES = 9;

/** A new key, which is told to its holder and never kept, and what it is known by. */
export function createApiKey(): { readonly key: string; readonly id: string } {
  return {
    key: `lsk_${randomBytes(KEY_BYTES).toString('base64url')}`,
    id: `key_${randomBytes(ID_BYTES).toString('base64url')}`,
  };
}

/** What is kept in place of a key. One round is enough: a key has 256 random bits, so that none can be guessed. */
export function digestApiKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** The API keys of the cluster. Nothing here knows a key itself, only its digest. */
export abstract class ApiKeys {
  /**
   * The key of that digest, also one that has expired. Answers from memory for up to 5 s, also that there is none; a
   * change made by any gateway ends that at once, where its news arrives.
   * @throws LongshoreError `redis_unavailable`
   */
  abstract find(digest: string): Promise<ApiKey | undefined>;

  /** @throws LongshoreError `redis_unavailable` */
  abstract add(digest: string, key: ApiKey): Promise<void>;

  /** @returns whether there was such a key. @throws LongshoreError `redis_unavailable` */
  abstract remove(id: string): Promise<boolean>;

  /** All keys, oldest first, with when they were last used; ms since the epoch. @throws LongshoreError `redis_unavailable` */
  abstract list(): Promise<readonly { readonly key: ApiKey; readonly usedAt?: number }[]>;

  /** Says that a key is in use; kept to the minute. Never throws, and nobody waits for it. */
  abstract noteUse(id: string): void;
}

/** Bounds how long a change goes unnoticed when its news is lost; ms. */
const MEMORY_MS = 5_000;
/** Digests remembered at most; callers choose them. */
const MEMORY_LIMIT = 1_000;
/** Uses of one key within so long are written once; ms. */
const USE_INTERVAL_MS = 60_000;

export interface RedisApiKeysOptions {
  /** For commands. */
  readonly redis: RedisClient;
  /** For the news that keys have changed. */
  readonly subscriber: RedisClient;
  readonly names: Names;
  /** A key that cannot be read counts as none; for the log. */
  readonly onBadMessage?: (error: Error) => void;
  /** ms since the epoch. */
  readonly now?: () => number;
}

interface Remembered {
  readonly key: ApiKey | undefined;
  readonly until: number;
}

/** Follows changes once it is started. The connections stay their owner's. */
export class RedisApiKeys extends ApiKeys {
  private readonly found = new Map<string, Remembered>();
  private readonly used = new Map<string, number>();
  /** Rises with each change, so that an answer on its way from before one is not remembered. */
  private revision = 0;
  private readonly now: () => number;

  constructor(private readonly options: RedisApiKeysOptions) {
    super();
    this.now = options.now ?? Date.now;
  }

  /** Resolves when changes are being followed. */
  async start(): Promise<void> {
    const { subscriber, names } = this.options;
    subscriber.on('message', (channel: string) => {
      if (channel === names.apiKeysChannel()) this.forget();
    });
    // Changes may have been missed.
    subscriber.on('ready', () => this.forget());
    await subscriber.subscribe(names.apiKeysChannel());
  }

  override async find(digest: string): Promise<ApiKey | undefined> {
    const remembered = this.found.get(digest);
    if (remembered !== undefined && remembered.until > this.now()) return remembered.key;
    const { revision } = this;
    const { redis, names } = this.options;
    const json = await reachingRedis(() => redis.hget(names.apiKeysKey(), digest));
    const key = json === null ? undefined : this.read(json);
    if (revision === this.revision) this.remember(digest, key);
    return key;
  }

  override async add(digest: string, key: ApiKey): Promise<void> {
    const { redis, names } = this.options;
    await reachingRedis(() => redis.hset(names.apiKeysKey(), digest, JSON.stringify(key)));
    await this.tell(key.id);
  }

  override async remove(id: string): Promise<boolean> {
    const { redis, names } = this.options;
    const all = await reachingRedis(() => redis.hgetall(names.apiKeysKey()));
    const digests = Object.entries(all).flatMap(([digest, json]) =>
      this.read(json)?.id === id ? [digest] : [],
    );
    if (digests.length === 0) return false;
    await reachingRedis(() =>
      Promise.all([
        redis.hdel(names.apiKeysKey(), ...digests),
        redis.hdel(names.apiKeyUsesKey(), id),
        redis.del(names.apiKeyLimitsKey(id)),
      ]),
    );
    await this.tell(id);
    return true;
  }

  override async list(): Promise<readonly { readonly key: ApiKey; readonly usedAt?: number }[]> {
    const { redis, names } = this.options;
    const [all, uses] = await reachingRedis(() =>
      Promise.all([redis.hvals(names.apiKeysKey()), redis.hgetall(names.apiKeyUsesKey())]),
    );
    return all
      .flatMap((json) => this.read(json) ?? [])
      .map((key) => ({ key, ...(uses[key.id] !== undefined && { usedAt: Number(uses[key.id]) }) }))
      .sort((one, other) => one.key.createdAt - other.key.createdAt);
  }

  override noteUse(id: string): void {
    const now = this.now();
    if (now - (this.used.get(id) ?? -Infinity) < USE_INTERVAL_MS) return;
    this.used.set(id, now);
    const { redis, names } = this.options;
    redis.hset(names.apiKeyUsesKey(), id, now).catch(() => this.used.delete(id));
  }

  /** The change stands, whether or not its news is heard. */
  private async tell(id: string): Promise<void> {
    const { redis, names } = this.options;
    this.forget();
    await redis.publish(names.apiKeysChannel(), id).catch(() => undefined);
  }

  private forget(): void {
    this.revision++;
    this.found.clear();
    this.used.clear();
  }

  private remember(digest: string, key: ApiKey | undefined): void {
    const oldest = this.found.keys().next();
    if (this.found.size >= MEMORY_LIMIT && !oldest.done) this.found.delete(oldest.value);
    this.found.set(digest, { key, until: this.now() + MEMORY_MS });
  }

  private read(json: string): ApiKey | undefined {
    try {
      return parseContract(ApiKey, json);
    } catch (error) {
      this.options.onBadMessage?.(error as Error);
      return undefined;
    }
  }
}
