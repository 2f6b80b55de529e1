import { Cluster } from 'ioredis';
import type { RedisClient } from './redis-connections.js';

/**
 * Bytes of messages that Redis holds for the subscriptions of a process, because it has not read them yet.
 * @param name of the process, as its `RedisConnections` were given it
 * @returns undefined in a cluster, where no single node knows
 */
export async function heldBytesOf(redis: RedisClient, name: string): Promise<number | undefined> {
  if (redis instanceof Cluster) return undefined;
  const clients = String(await redis.client('LIST', 'TYPE', 'PUBSUB'));
  let held = 0;
  for (const [, connection = '', bytes] of clients.matchAll(/ name=(\S*) .* omem=(\d+)/g)) {
    if (connection.startsWith(`${name}:`)) held += Number(bytes);
  }
  return held;
}
