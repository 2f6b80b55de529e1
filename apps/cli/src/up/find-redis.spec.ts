import { describe, expect, it } from 'vitest';
import { readRedisUrl } from './await-redis.js';
import { planDataFolder, workerRunFolder } from './data-folder.js';
import { findRedis } from './find-redis.js';
import { planRedisInstallation } from './install-redis.js';
import { redisArguments } from './redis-settings.js';

const has =
  (...programs: string[]) =>
  (program: string) =>
    programs.includes(program);

describe('planRedisInstallation', () => {
  it('uses the package manager of the machine, as root or through sudo', () => {
    expect(planRedisInstallation(has('apt-get'), true)?.display).toBe(
      'apt-get update && apt-get install -y --no-install-recommends redis-server',
    );
    expect(planRedisInstallation(has('dnf', 'sudo'), false)?.display).toBe('sudo dnf install -y valkey');
    expect(planRedisInstallation(has('brew', 'sudo'), false)?.display).toBe('brew install redis');
  });

  it('plans nothing where it cannot become root or knows no package manager', () => {
    expect(planRedisInstallation(has('apt-get'), false)).toBeUndefined();
    expect(planRedisInstallation(has('sudo'), true)).toBeUndefined();
  });
});

describe('findRedis', () => {
  it('says in one sentence how to get a Redis when there is none and nobody to ask', async () => {
    const search = { path: '/nowhere', install: false, say: () => undefined };
    await expect(findRedis(search)).rejects.toThrow(/^Longshore needs Redis.*LONGSHORE_REDIS_URL/);
  });
});

describe('readRedisUrl', () => {
  it('shows where a Redis is without its password', () => {
    expect(readRedisUrl('redis://user:secret@cache:6380/1').place).toBe('cache:6380');
    expect(readRedisUrl('unix:///run/redis.sock').place).toBe('/run/redis.sock');
    expect(readRedisUrl('redis+sentinel://u:secret@one,[::1]:9/mymaster/1')).toEqual({
      options: [
        { host: 'one', port: 26379 },
        { host: '::1', port: 9 },
      ],
      place: 'one:26379, [::1]:9',
    });
    expect(readRedisUrl('rediss+cluster://one:7000,two').place).toBe('one:7000, two:6379');
  });

  it.each(['cache:6379', 'http://cache', ''])('refuses "%s"', (url) => {
    expect(() => readRedisUrl(url)).toThrow(/must look like redis:/);
  });
});

describe('redisArguments', () => {
  it('keeps every write, evicts nothing and listens on the socket only', () => {
    const text = redisArguments({ folder: '/d', socket: '/r/redis.sock' }).join(' ');
    for (const part of [
      '--port 0',
      '--unixsocket /r/redis.sock',
      '--appendonly yes',
      '--maxmemory-policy noeviction',
    ])
      expect(text).toContain(part);
  });
});

describe('planDataFolder', () => {
  it('moves sockets to the temporary folder when the data folder has a long path', () => {
    expect(planDataFolder('/home/ada/.longshore', '/tmp').run).toBe('/home/ada/.longshore/run');
    expect(planDataFolder(`/${'long/'.repeat(20)}`, '/tmp').run).toMatch(/^\/tmp\/longshore-[0-9a-f]{12}$/);
    const far = planDataFolder(`/${'long/'.repeat(20)}`, `/${'far/'.repeat(20)}`);
    expect(far.run).toMatch(/^\/tmp\/longshore-[0-9a-f]{12}$/);
  });
});

describe('workerRunFolder', () => {
  it('is below the data folder as long as the sockets of engines fit in there, of every worker', () => {
    const longestName = '/longshore-worker-4194304-abcdef/e-4194304-9999.sock';
    const runs = Array.from({ length: 80 }, (_, index) => {
      const folder = planDataFolder(`/${'d'.repeat(index + 1)}`, '/tmp');
      return [1, 64].map((number) => workerRunFolder(folder, number));
    });
    expect(runs[0]).toEqual(['/d/run/worker-1', '/d/run/worker-64']);
    const paths = runs.flat().filter((run) => run !== undefined);
    expect(paths.length).toBeGreaterThan(80);
    expect(paths.filter((path) => Buffer.byteLength(path + longestName) > 100)).toEqual([]);
  });
});
