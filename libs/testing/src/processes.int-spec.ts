import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from './eventually.js';
import { descendantsOf, isAlive } from './processes.js';
import { REPOSITORY } from './repository.js';

/** Runs a test process of its own that starts both servers, and returns once they serve. */
async function startProcessWithServers() {
  const built = (file: string): string => join(REPOSITORY, 'dist', 'libs', 'testing', 'src', 'servers', file);
  const program = `
    const [{ startRedis }, { startRegistry }] = await Promise.all([
      import(${JSON.stringify(built('redis.js'))}), import(${JSON.stringify(built('registry.js'))})]);
    const servers = await Promise.all([startRedis(), startRegistry()]);
    console.log(JSON.stringify(servers.map(({ pid }) => pid)));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, servers: JSON.parse(line.toString('utf8')) as number[] };
}

describe('a test process that is killed with SIGKILL', () => {
  it('leaves neither a redis-server nor a docker-registry behind', async () => {
    const { child, servers } = await startProcessWithServers();
    expect(servers.map(isAlive)).toEqual([true, true]);
    expect(descendantsOf(child.pid ?? 0).map(({ pid }) => pid)).toEqual(expect.arrayContaining(servers));
    child.kill('SIGKILL');
    await eventually(
      () => servers.map(isAlive),
      (alive) => !alive.includes(true),
      { what: 'both servers to end' },
    );
  });
});

describe('descendantsOf', () => {
  it('finds children and grandchildren with their commands', async () => {
    const shell = spawn('sh', ['-c', 'sh -c "sleep 60; true" & wait'], { stdio: 'ignore' });
    try {
      const found = await eventually(
        () => descendantsOf(shell.pid ?? 0),
        (all) => all.some(({ command }) => command === 'sleep 60'),
      );
      const sleeper = found.find(({ command }) => command === 'sleep 60');
      expect(found.map(({ pid }) => pid)).toContain(sleeper?.parent);
    } finally {
      for (const { pid } of descendantsOf(shell.pid ?? 0)) process.kill(pid, 'SIGKILL');
      shell.kill('SIGKILL');
    }
  });

  it('finds nothing below a process that has ended', async () => {
    const child = spawn('true');
    await once(child, 'exit');
    expect(isAlive(child.pid ?? 0)).toBe(false);
    expect(descendantsOf(child.pid ?? 0)).toEqual([]);
  });
});
