import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { awaitRedis } from './await-redis.js';
import { findProgram } from './find-program.js';
import type { LogOutput } from './log-output.js';
import { redisArguments, type RedisFiles } from './redis-settings.js';
import type { ProcessPlan } from './supervised-process.js';

const TIE = ['--pdeathsig', 'TERM'];

export interface RedisPlan {
  /** Path of redis-server or valkey-server. */
  readonly program: string;
  readonly files: RedisFiles;
  readonly log: LogOutput;
  readonly path: string;
}

/**
 * A private Redis that ends, in order, when the launcher dies by whatever cause: by the kernel's parent-death signal
 * where setpriv can do it (that of BusyBox cannot), else by a guard that waits for the end of the launcher's pipe.
 */
export function redisProcess({ program, files, log, path }: RedisPlan): ProcessPlan {
  const found = findProgram('setpriv', path);
  const setpriv = found !== undefined && canTie(found) ? found : undefined;
  return {
    name: 'redis',
    log,
    spawn: () => spawnRedis(program, redisArguments(files), setpriv),
    whenReady: (_child, signal) => awaitRedis(files.socket, signal),
  };
}

function canTie(setpriv: string): boolean {
  return spawnSync(setpriv, [...TIE, '/bin/sh', '-c', ':'], { stdio: 'ignore' }).status === 0;
}

function spawnRedis(program: string, args: readonly string[], setpriv: string | undefined): ChildProcess {
  const options = { stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'], detached: true };
  if (setpriv) return spawn(setpriv, [...TIE, program, ...args], options);
  const child = spawn(program, args, options);
  if (child.pid !== undefined) guard(child, child.pid);
  return child;
}

function guard(child: ChildProcess, pid: number): void {
  const watcher = spawn('/bin/sh', ['-c', 'read -r line; [ "$line" = leave ] || kill -TERM "$0"', `${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watcher.stdin.on('error', () => undefined);
  watcher.unref();
  child.once('exit', () => watcher.stdin.end('leave\n'));
}
