import type { Duplex } from 'node:stream';
import { Redis, type CommonRedisOptions, type RedisOptions, type StandaloneConnectionOptions } from 'ioredis';

export type RedisClient = Redis;

export interface RedisConnectionsOptions {
  /** `redis://`, `rediss://` or `unix:///path/to.sock`. */
  readonly url: string;
  /** Shown by `CLIENT LIST`, before the role. */
  readonly name: string;
  /** Told once when a connection is lost or cannot be made; reconnecting goes on by itself. */
  readonly onError?: (role: string, error: Error) => void;
  /** Told when that connection is there again. */
  readonly onRecovered?: (role: string) => void;
}

/** Longest pause between two attempts to reconnect; ms. Bounds how long a stream waits after Redis is back. */
const RECONNECT_CEILING_MS = 500;

/**
 * Makes and owns the connections of one process, one for each way of using Redis:
 * - `failFast`: a command given while Redis is away rejects at once. For requests that a client waits for.
 * - `patient`: commands wait for Redis to come back and unanswered ones are sent again. For BullMQ consumers and
 *   for frames, whose receivers drop what they have seen.
 * - `subscriber`: pub/sub only; subscriptions are renewed on each reconnect.
 */
export class RedisConnections {
  private readonly open = new Set<Redis>();

  constructor(private readonly options: RedisConnectionsOptions) {}

  failFast(role: string): RedisClient {
    return this.connect(role, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
    });
  }

  patient(role: string): RedisClient {
    return this.connect(role, { maxRetriesPerRequest: null });
  }

  subscriber(role: string): RedisClient {
    return this.connect(role, { maxRetriesPerRequest: null, autoResubscribe: true });
  }

  /** Resolves when every connection made so far is ready. */
  async ready(): Promise<void> {
    await Promise.all([...this.open].map((redis) => whenReady(redis)));
  }

  /** Closes all connections; commands still waiting are rejected. */
  close(): void {
    for (const redis of this.open) redis.disconnect();
    this.open.clear();
  }

  private connect(role: string, specific: Partial<CommonRedisOptions>): Redis {
    const options: RedisOptions & { replyMapping: 'legacy' } = {
      ...locate(this.options.url),
      connectionName: `${this.options.name}:${role}`,
      connectTimeout: 5_000,
      keepAlive: 30_000,
      retryStrategy: (attempt: number) => Math.min(10 * 2 ** Math.min(attempt, 10), RECONNECT_CEILING_MS),
      ...specific,
      replyMapping: 'legacy',
    };
    const redis = new Redis(options);
    redis.setMaxListeners(0);
    this.reportOutages(redis, role);
    redis.on('connect', () => coalesceWrites(redis.stream));
    redis.once('end', () => this.open.delete(redis));
    this.open.add(redis);
    return redis;
  }

  private reportOutages(redis: Redis, role: string): void {
    let away = false;
    redis.on('error', (error: Error) => {
      if (!away) this.options.onError?.(role, error);
      away = true;
    });
    redis.on('ready', () => {
      if (away) this.options.onRecovered?.(role);
      away = false;
    });
  }
}

/** Connection options of a Redis URL. @throws TypeError naming the forms that are understood. */
export function locate(
  url: string,
): StandaloneConnectionOptions & Pick<CommonRedisOptions, 'db' | 'username' | 'password'> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const database = (text: string): { db?: number } => (/^\d+$/.test(text) ? { db: Number(text) } : {});
  if (parsed?.protocol === 'unix:') {
    return { path: decodeURIComponent(parsed.pathname), ...database(parsed.searchParams.get('db') ?? '') };
  }
  if (parsed?.protocol !== 'redis:' && parsed?.protocol !== 'rediss:') {
    throw new TypeError('a Redis URL begins with redis://, rediss:// or unix://');
  }
  return {
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1',
    port: Number(parsed.port || 6379),
    ...(parsed.username ? { username: decodeURIComponent(parsed.username) } : {}),
    ...(parsed.password ? { password: decodeURIComponent(parsed.password) } : {}),
    ...database(parsed.pathname.slice(1)),
    ...(parsed.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

/** Commands given in one turn of the event loop leave in one system call; their order stays. */
function coalesceWrites(socket: Duplex): void {
  const write = socket.write.bind(socket) as (...chunk: unknown[]) => boolean;
  let corked = false;
  socket.write = (...chunk: unknown[]): boolean => {
    if (!corked) {
      corked = true;
      socket.cork();
      setImmediate(() => {
        corked = false;
        socket.uncork();
      });
    }
    return write(...chunk);
  };
}

function whenReady(redis: Redis): Promise<void> {
  if (redis.status === 'ready') return Promise.resolve();
  return new Promise((resolve, reject) => {
    redis.once('ready', resolve);
    redis.once('end', () => reject(new Error('the connection to Redis was closed')));
  });
}
