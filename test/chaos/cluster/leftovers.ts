import { RedisConnections } from '#redis';
import { eventually } from '#testing';
import { redisLeftovers } from '../../e2e/support/redis-leftovers.js';
import { busyEngines } from './busy-engines.js';
import { type ChaosCluster, RETENTION_MS } from './chaos-cluster.js';

/** What was begun is cleared away within this; ms. */
const WITHIN_MS = 10_000;

/**
 * Sentences about what is left of requests that are all over: engines at work, and keys in Redis that do not go by
 * themselves within the retention. Processes and sockets are looked at when the cluster stops.
 */
export async function findLeftovers(chaos: ChaosCluster): Promise<readonly string[]> {
  const look = async (): Promise<readonly string[]> => [
    ...(await busyEngines(chaos.workers())),
    ...(await keysThatStay(chaos.redis.url)),
  ];
  return eventually(look, (left) => left.length === 0, { within: WITHIN_MS, every: 250 }).catch(look);
}

async function keysThatStay(url: string): Promise<readonly string[]> {
  const stray = await redisLeftovers(url);
  if (stray.length === 0) return [];
  const connections = new RedisConnections({ url, name: 'chaos' });
  try {
    const redis = connections.patient('looking');
    const found = stray.map(async (entry) => {
      const lifetime = await redis.pttl(entry.replace(/ \(\w+\)$/, ''));
      if (lifetime === -2 || (lifetime >= 0 && lifetime <= RETENTION_MS)) return [];
      return [`the key ${entry} ${lifetime < 0 ? 'stays' : `stays for ${Math.round(lifetime / 1000)} s`}`];
    });
    return (await Promise.all(found)).flat();
  } finally {
    connections.close();
  }
}
