import type { Names } from '#contracts';
import type { RedisClient } from '#redis';

/** Jobs of a queue that nobody has begun. @throws the error of Redis */
export async function countWaiting(redis: RedisClient, names: Names, queue: string): Promise<number> {
  const key = names.queueKey(queue);
  const [waiting, prioritized] = await Promise.all([redis.llen(`${key}:wait`), redis.zcard(`${key}:prioritized`)]);
  return waiting + prioritized;
}
