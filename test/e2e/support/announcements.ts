import { Names, parseContract, WorkerAnnouncement } from '#contracts';
import { RedisConnections } from '#redis';

/** What living workers announce at this moment. */
export async function announcementsOf(redisUrl: string): Promise<readonly WorkerAnnouncement[]> {
  const names = new Names();
  const connections = new RedisConnections({ url: redisUrl, name: 'test' });
  try {
    const redis = connections.patient('looking');
    await connections.ready();
    const ids = await redis.zrangebyscore(names.workersKey(), '-inf', '+inf');
    const texts = await Promise.all(ids.map((id) => redis.get(names.workerKey(id))));
    return texts.flatMap((text) => (text === null ? [] : [parseContract(WorkerAnnouncement, text)]));
  } finally {
    connections.close();
  }
}
