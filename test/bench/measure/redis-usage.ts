import type { RedisClient } from '#redis';

/** What Redis has done: totals since it began, or the difference of two. */
export interface RedisUsage {
  /** Calls by command; those inside scripts are counted too. */
  readonly calls: Readonly<Record<string, number>>;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

const SCRIPT_COMMANDS = ['eval', 'evalsha', 'fcall'];

export async function readRedisUsage(redis: RedisClient): Promise<RedisUsage> {
  const [commands, network] = await Promise.all([redis.info('commandstats'), redis.info('stats')]);
  return parseRedisUsage(`${commands}\r\n${network}`);
}

/** Reads the sections `commandstats` and `stats` of INFO. INFO itself is left out. */
export function parseRedisUsage(info: string): RedisUsage {
  const calls: Record<string, number> = {};
  for (const [, command = '', count] of info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm))
    if (command !== 'info') calls[command] = Number(count);
  const total = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return { calls, bytesIn: total('total_net_input_bytes'), bytesOut: total('total_net_output_bytes') };
}

/** What was done between two readings. */
export function usageBetween(before: RedisUsage, after: RedisUsage): RedisUsage {
  const commands = Object.keys(after.calls);
  return {
    calls: Object.fromEntries(
      commands.map((name) => [name, (after.calls[name] ?? 0) - (before.calls[name] ?? 0)]),
    ),
    bytesIn: after.bytesIn - before.bytesIn,
    bytesOut: after.bytesOut - before.bytesOut,
  };
}

/** A usage without what an idle cluster does in the same time: heartbeats, sweeps and waiting. */
export function withoutIdle(usage: RedisUsage, idle: RedisUsage, share: number): RedisUsage {
  const commands = Object.keys(usage.calls);
  return {
    calls: Object.fromEntries(
      commands.map((name) => [name, Math.max(0, (usage.calls[name] ?? 0) - (idle.calls[name] ?? 0) * share)]),
    ),
    bytesIn: Math.max(0, usage.bytesIn - idle.bytesIn * share),
    bytesOut: Math.max(0, usage.bytesOut - idle.bytesOut * share),
  };
}

/** All commands that Redis ran, inside scripts and outside. */
export function allCommands({ calls }: RedisUsage): number {
  return Object.values(calls).reduce((sum, count) => sum + count, 0);
}

export function scriptCalls({ calls }: RedisUsage): number {
  return SCRIPT_COMMANDS.reduce((sum, name) => sum + (calls[name] ?? 0), 0);
}
