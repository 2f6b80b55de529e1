import { Cluster } from 'ioredis';
import type { RedisClient } from './redis-connections.js';

const PUBLISH_AT_HOME = 'longshore:publish';

/** Clusters that know the script. */
const taught = new WeakSet<Cluster>();

/**
 * PUBLISH. In a cluster it is done by the primary of one slot, so that the messages of one channel keep their order, and
 * reaches the subscribers of all nodes.
 * @param home the key whose slot that is; the channel's own by default
 * @returns how many connections have heard it; in a cluster some of them, 0 only when there is none
 */
export async function publishTo(
  redis: RedisClient,
  channel: string,
  message: string | Buffer,
  home = channel,
): Promise<number> {
  if (!(redis instanceof Cluster)) return redis.publish(channel, message);
  return countListeners(redis, channel, await publishAtHome(redis, home, channel, message));
}

/**
 * How many connections hear a channel, given what PUBLISH has returned. A node of a cluster counts its own only: when
 * it has none, all are asked.
 */
export async function countListeners(redis: RedisClient, channel: string, counted: number): Promise<number> {
  if (counted > 0 || !(redis instanceof Cluster)) return counted;
  const counts = redis.nodes().map(async (node) => {
    const [, count] = await node.pubsub('NUMSUB', channel);
    return Number(count);
  });
  // A node that does not answer has lost its subscribers or is about to.
  const answers = await Promise.allSettled(counts);
  return answers.reduce((sum, answer) => sum + (answer.status === 'fulfilled' ? answer.value : 0), 0);
}

/** The script has a key only to be routed by it. */
function publishAtHome(
  cluster: Cluster,
  home: string,
  channel: string,
  message: string | Buffer,
): Promise<number> {
  if (!taught.has(cluster)) {
    const lua = `return redis.call('PUBLISH', ARGV[1], ARGV[2])`;
    cluster.defineCommand(PUBLISH_AT_HOME, { numberOfKeys: 1, lua });
    taught.add(cluster);
  }
  const command = (cluster as unknown as Record<string, (...args: unknown[]) => Promise<number>>)[
    PUBLISH_AT_HOME
  ];
  return command?.call(cluster, home, channel, message) ?? Promise.resolve(0);
}
