import { Cluster, Redis } from 'ioredis';
import { ConfigurationError } from '#config';
import { clusterOptions, serverOptions, serverTarget, type Temper } from './client-options.js';
import { coalesceWrites } from './coalesce-writes.js';
import { homeConnector } from './home-connector.js';
import { PatientCluster } from './patient-cluster.js';
import { PromptCluster } from './prompt-cluster.js';
import { parseRedisUrl, type RedisLocation } from './redis-url.js';
import { Watchdog } from './watchdog.js';

/**
 * A connection to one Redis, or to all nodes of a Redis Cluster. In a cluster one command, pipeline or transaction
 * touches keys of one hash tag only.
 */
export type RedisClient = Redis | Cluster;

export interface RedisConnectionsOptions {
  /** Any of the forms that `parseRedisUrl` reads. */
  readonly url: string;
  /** Shown by `CLIENT LIST`, before the role. */
  readonly name: string;
  /** Told once when a connection is lost or cannot be made; reconnecting goes on by itself. */
  readonly onError?: (role: string, error: Error) => void;
  /** Told when that connection is there again. */
  readonly onRecovered?: (role: string) => void;
}

/**
 * Makes and owns the connections of one process, one for each way of using Redis:
 * - `failFast`: a command given while Redis is away rejects at once, one that is not answered after 2 s. For requests
 *   that a client waits for.
 * - `patient`: commands wait for Redis to come back and unanswered ones are sent again. For BullMQ consumers and
 *   for frames, whose receivers drop what they have seen.
 * - `subscriber`: pub/sub only; subscriptions are renewed on each reconnect.
 *
 * A connection whose other end has gone silent counts as lost after about 2 s.
 */
export class RedisConnections {
  private readonly location: RedisLocation;
  private readonly open = new Set<RedisClient>();
  private readonly watchdog: Watchdog;

  /** @throws ConfigurationError that says what is wrong with the URL */
  constructor(private readonly options: RedisConnectionsOptions) {
    this.location = readLocation(options.url);
    this.watchdog = new Watchdog(() => this.sockets());
  }

  /** One more connection. @param role what it is for, as `CLIENT LIST` and `onError` tell it */
  failFast(role: string): RedisClient {
    return this.connect(role, 'failFast');
  }

  /** One more connection. @param role as of {@link failFast} */
  patient(role: string): RedisClient {
    return this.connect(role, 'patient');
  }

  /**
   * One more connection.
   * @param role as of {@link failFast}
   * @param near a channel, or the key whose node publishes it. In a cluster the connection goes to that node, so that
   * publishers count it without asking around. By default the connections of a process spread over the nodes.
   */
  subscriber(role: string, near?: string): RedisClient {
    const { location } = this;
    if (location.kind !== 'cluster') return this.connect(role, 'patient');
    const { kind: _, nodes, ...access } = location;
    const name = this.nameOf(role);
    const home = homeConnector({ nodes, access, key: near ?? name, name });
    // One connection in a cluster too, because it must say when it was lost and is back.
    return this.adopt(role, new Redis(serverOptions({ ...access, Connector: home }, name, 'patient')));
  }

  /** Resolves when every connection made so far is ready. */
  async ready(): Promise<void> {
    await Promise.all([...this.open].map((redis) => whenReady(redis)));
  }

  /** Closes all connections; commands still waiting are rejected. */
  close(): void {
    this.watchdog.stop();
    for (const redis of this.open) redis.disconnect();
    this.open.clear();
  }

  private nameOf(role: string): string {
    return `${this.options.name}:${role}`;
  }

  private connect(role: string, temper: Temper): RedisClient {
    const { location } = this;
    const name = this.nameOf(role);
    if (location.kind !== 'cluster') {
      return this.adopt(role, new Redis(serverOptions(serverTarget(location), name, temper)));
    }
    const Client = temper === 'failFast' ? PromptCluster : PatientCluster;
    return this.adopt(role, new Client(location.nodes, clusterOptions(location, name, temper)));
  }

  private adopt(role: string, redis: RedisClient): RedisClient {
    redis.setMaxListeners(0);
    this.reportOutages(redis, role);
    if (redis instanceof Cluster) {
      redis.on('+node', (node: Redis) => this.prepare(node));
    } else {
      this.prepare(redis);
    }
    redis.once('end', () => this.open.delete(redis));
    this.open.add(redis);
    return redis;
  }

  private prepare(redis: Redis): void {
    redis.setMaxListeners(0);
    redis.on('connect', () => coalesceWrites(redis.stream));
    // Commands then find the nodes of a cluster connected, also the replica that takes over.
    if (redis.status === 'wait') redis.connect().catch(() => undefined);
  }

  private reportOutages(redis: RedisClient, role: string): void {
    let away = false;
    const lost = (error: Error): void => {
      if (!away) this.options.onError?.(role, error);
      away = true;
    };
    redis.on('error', lost);
    redis.on('node error', lost);
    onConnected(redis, () => {
      if (away) this.options.onRecovered?.(role);
      away = false;
    });
  }

  private *sockets(): Iterable<Redis> {
    for (const redis of this.open) {
      if (redis instanceof Cluster) yield* redis.nodes();
      else yield redis;
    }
  }
}

function readLocation(url: string): RedisLocation {
  try {
    return parseRedisUrl(url);
  } catch (error) {
    throw new ConfigurationError([`LONGSHORE_REDIS_URL: ${(error as Error).message}`]);
  }
}

/**
 * Calls `listener` each time a connection is ready, the first time as well when it is not ready yet. In a cluster: a
 * connection to any node.
 */
export function onConnected(redis: RedisClient, listener: () => void): void {
  if (!(redis instanceof Cluster)) {
    redis.on('ready', listener);
    return;
  }
  const follow = (node: Redis): void => void node.on('ready', listener);
  for (const node of redis.nodes()) follow(node);
  redis.on('+node', follow);
}

async function whenReady(redis: RedisClient): Promise<void> {
  if (redis.status !== 'ready') {
    await new Promise<void>((resolve, reject) => {
      redis.once('ready', () => resolve());
      redis.once('end', () => reject(new Error('the connection to Redis was closed')));
    });
  }
  if (redis instanceof Cluster) await Promise.all(redis.nodes('master').map((node) => whenReady(node)));
}
