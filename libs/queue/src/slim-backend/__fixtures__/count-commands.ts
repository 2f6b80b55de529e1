import type { RedisClient } from '#redis';

/** Commands Redis ran, inside scripts and outside, while the work was done. */
export async function commandsOf(
  redis: RedisClient,
  work: () => Promise<unknown>,
): Promise<Record<string, number>> {
  const read = async (): Promise<Map<string, number>> => {
    const lines = (await redis.info('commandstats')).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm);
    return new Map([...lines].map(([, command = '', calls]) => [command, Number(calls)]));
  };
  const before = await read();
  await work();
  const after = await read();
  const counts = [...after].map(([name, calls]): [string, number] => [name, calls - (before.get(name) ?? 0)]);
  return Object.fromEntries(counts.filter(([name, calls]) => calls > 0 && name !== 'info'));
}

export const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((a, b) => a + b, 0);
