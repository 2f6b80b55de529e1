import { LongshoreError } from '#contracts';
import { describeRedisError } from '#redis';

/** What the commands of a task answer. @throws LongshoreError `redis_unavailable` when one of them fails */
export async function reachingRedis<T>(commands: () => Promise<T>): Promise<T> {
  try {
    return await commands();
  } catch (error) {
    throw new LongshoreError('redis_unavailable', `Redis cannot be used: ${describeRedisError(error)}.`);
  }
}
