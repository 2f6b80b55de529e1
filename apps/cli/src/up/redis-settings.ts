import { join } from 'node:path';

export interface RedisFiles {
  readonly folder: string;
  readonly socket: string;
}

/** Socket of the private Redis. It listens on nothing else. */
export function redisFiles(folder: string, run: string): RedisFiles {
  return { folder, socket: join(run, 'redis.sock') };
}

/**
 * Arguments for redis-server and valkey-server. Every write is in the append-only file within a second; nothing is
 * evicted, because a queue must not lose jobs; the buffers are wide enough for bursts of tokens.
 */
export function redisArguments({ folder, socket }: RedisFiles): readonly string[] {
  const settings: Readonly<Record<string, string>> = {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    dir: folder,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
    'client-output-buffer-limit': 'pubsub 256mb 64mb 60',
    daemonize: 'no',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}
