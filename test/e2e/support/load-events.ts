import { LoadEvent, Names, parseContract } from '#contracts';
import { RedisConnections } from '#redis';

export interface HeardLoads {
  /** All that was told since, oldest first. */
  readonly events: readonly LoadEvent[];
  stop(): void;
}

/** Listens to what workers tell of loads. */
export async function hearLoads(redisUrl: string): Promise<HeardLoads> {
  const channel = new Names().loadsChannel();
  const connections = new RedisConnections({ url: redisUrl, name: 'test' });
  const subscriber = connections.subscriber('loads', channel);
  const events: LoadEvent[] = [];
  subscriber.on('message', (from: string, text: string) => {
    if (from === channel) events.push(parseContract(LoadEvent, text));
  });
  await connections.ready();
  await subscriber.subscribe(channel);
  return { events, stop: () => connections.close() };
}
