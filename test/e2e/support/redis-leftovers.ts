import { RedisConnections } from '#redis';

/** What may stay in Redis when no request is being served, each with its reason. */
const MAY_STAY: readonly (readonly [RegExp, string])[] = [
  [/^longshore:worker:[^:]+$/, 'the announcement of a living worker; expires'],
  [/^longshore:workers$/, 'when each worker was heard of last'],
  [/^longshore:\{catalogue\}:(?:models|tags|tombstones|defaults)$/, 'the catalogue'],
  [/^longshore:store-secret$/, 'what workers and gateways recognise each other by'],
  [/^longshore:demand:cpu$/, 'which queues were used lately'],
  [/^longshore:\{[^}]+\}:meta$/, 'the settings of a queue'],
  [/^longshore:\{[^}]+\}:(?:id|pc)$/, 'the counters of a queue'],
  [/^longshore:\{[^}]+\}:events$/, 'one event of a queue'],
  [/^longshore:\{[^}]+\}:marker$/, 'wakes consumers of a queue'],
  [/^longshore:\{[^}]+\}:looked$/, 'when abandoned jobs were last looked for; expires'],
  [/^longshore:\{[^}]+\}:stalled-check$/, 'who looks for abandoned jobs; expires'],
  [/^longshore:gateway:[^:]+$/, 'the sign of life of a gateway; expires'],
  [/^longshore:\{[^}]+\}:log:\d+$/, 'the log of an answer that ended lately; expires'],
  [/^longshore:\{[^}]+\}:fences$/, 'who owns the logs of a gateway; expires'],
  [/^longshore:(?:response|readers):[^:]+$/, 'what gateways tell each other of an answer; expires'],
  [/^longshore:idempotency:[0-9a-f]+$/, 'a key of a client; expires'],
  [/^longshore:download:sha256:[0-9a-f]+$/, 'who fetches a blob; expires'],
  [/^longshore:requests:sha256:[0-9a-f]+$/, 'recorded calls of a model; expires'],
  [/^longshore:configurations$/, 'how models are to be run'],
  [/^longshore:\{pull\.cpu\}:(?:completed|[0-9a-f-]+)$/, 'pulls that ended in the last minute'],
];

/** Names and types of the keys that have no reason to be there. */
export async function redisLeftovers(url: string): Promise<readonly string[]> {
  return withRedis(url, async (redis) => {
    const keys = await keysOf(redis, '*');
    const stray = keys.filter((key) => !MAY_STAY.some(([pattern]) => pattern.test(key)));
    return Promise.all(stray.map(async (key) => `${key} (${await redis.type(key)})`));
  });
}

/** Ids of the completion jobs in any queue and state. */
export async function completionJobs(url: string): Promise<readonly string[]> {
  return withRedis(url, async (redis) => {
    const keys = await keysOf(redis, 'longshore:{completion.*}:*');
    return keys.filter((key) => /:gw-[0-9a-f]+\.\d+$/.test(key));
  });
}

/** Keys of all nodes. */
async function keysOf(redis: Connections, pattern: string): Promise<readonly string[]> {
  const nodes = redis.isCluster && 'nodes' in redis ? redis.nodes('master') : [redis];
  return (await Promise.all(nodes.map((node) => node.keys(pattern)))).flat();
}

/** Breaks every pub/sub connection of every gateway and worker. @returns how many there were */
export async function cutSubscribers(url: string): Promise<number> {
  return withRedis(url, async (redis) => Number(await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')));
}

/** The pub/sub connections there are, by their numbers; a new connection has a new one. */
export async function subscriberIds(url: string): Promise<readonly string[]> {
  return withRedis(url, async (redis) => {
    const clients = String(await redis.call('CLIENT', 'LIST', 'TYPE', 'pubsub'));
    return [...clients.matchAll(/^id=(\d+) /gm)].map(([, id]) => id ?? '').toSorted();
  });
}

type Connections = ReturnType<RedisConnections['patient']>;

async function withRedis<T>(url: string, task: (redis: Connections) => Promise<T>): Promise<T> {
  const connections = new RedisConnections({ url, name: 'test' });
  try {
    const redis = connections.patient('looking');
    await connections.ready();
    return await task(redis);
  } finally {
    connections.close();
  }
}
