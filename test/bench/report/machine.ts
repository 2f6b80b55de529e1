import { execFileSync } from 'node:child_process';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import type { RedisClient } from '#redis';

/** Where and with what something was measured. */
export interface Machine {
  /** ISO 8601. */
  readonly date: string;
  readonly cores: number;
  readonly processor: string;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** Absent when it had no part. */
  readonly redis?: string;
  /** Of the working tree; absent without git. */
  readonly commit?: string;
}

export async function describeMachine(directory: string, redis?: RedisClient): Promise<Machine> {
  const info = await redis?.info('server');
  const commit = currentCommit(directory);
  return {
    date: new Date().toISOString(),
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    memoryBytes: totalmem(),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    ...(info !== undefined && { redis: /redis_version:(\S+)/.exec(info)?.[1] ?? 'unknown' }),
    ...(commit === undefined ? {} : { commit }),
  };
}

function currentCommit(directory: string): string | undefined {
  try {
    const git = ['describe', '--always', '--dirty', '--exclude', '*'];
    return execFileSync('git', git, { cwd: directory, stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  } catch {
    return undefined;
  }
}
