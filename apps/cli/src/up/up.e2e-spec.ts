import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findFreePort, makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { claimPorts } from './claim-ports.js';
import { findProgram } from './find-program.js';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url)).replace(/\/$/, '');
const STUB = join(ROOT, 'apps/cli/src/up/__fixtures__/stub-program.mjs');
const PATIENCE_MS = 60_000;

/** One `npm start` in a folder of its own, with stub programs for gateway and worker and the real Redis. */
interface Started {
  readonly process: ChildProcess;
  output: string;
  exit: { code: number | null } | undefined;
}

let folder: TemporaryFolder;
let home = '';
let port = 0;
const started: Started[] = [];

const environment = (more: Record<string, string> = {}) => ({
  PATH: process.env['PATH'] ?? '',
  HOME: home,
  STUB_RECORD: home,
  npm_config_update_notifier: 'false',
  ...more,
});

function launch(command: string, args: readonly string[], more?: Record<string, string>): Started {
  const child = spawn(command, args, { cwd: home, env: environment(more), detached: true });
  const entry: Started = { process: child, output: '', exit: undefined };
  const collect = (chunk: Buffer) => (entry.output += chunk.toString());
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  child.once('close', (code) => (entry.exit = { code }));
  started.push(entry);
  return entry;
}

const npmStart = (args: readonly string[] = [], more?: Record<string, string>) =>
  launch('npm', ['start', '--', '--port', `${port}`, ...args], more);

/** A port that is free, as is the one after it. */
async function findTwoPorts(): Promise<number> {
  for (let first = await findFreePort(); ;) {
    const second = await findFreePort();
    if (second === first + 1) return first;
    first = second;
  }
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!isTrue()) {
    if (Date.now() > deadline)
      throw new Error(`${what}\n${started.map(({ output }) => output).join('\n---\n')}`);
    await sleep(20);
  }
}

const says = (entry: Started, text: string | RegExp) =>
  until(`never said ${text}`, () => entry.output.search(text) !== -1);
const ends = async (entry: Started) => {
  await until('did not end', () => entry.exit !== undefined);
  return entry.exit?.code;
};

/** Every living process of this test: those with its environment, and Redis, which writes its title over that. */
function processes(): { pid: number; parent: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ');
        const inherited = readFileSync(`/proc/${name}/environ`, 'latin1').includes(`STUB_RECORD=${home}\0`);
        if (!inherited && !command.includes(`${home}/.longshore/run/redis.sock`)) return [];
        const parent = Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'latin1'))?.[1]);
        return [{ pid: Number(name), parent, command }];
      } catch {
        return [];
      }
    });
}

const pidOf = (part: string) => {
  const all = processes().filter(({ command }) => command.includes(part));
  // A child has the command line of its parent until it runs its own program.
  const found = all.filter(({ parent }) => all.every(({ pid }) => pid !== parent));
  expect(found).toHaveLength(1);
  return found[0]?.pid ?? 0;
};

const notes = (what: string) =>
  readFileSync(join(home, 'notes'), 'utf8')
    .split('\n')
    .filter((line) => line.split(' ')[1] === what);

/** What is left of a cluster, once it has had time to end: processes, ports, sockets. */
async function leftovers(): Promise<string[]> {
  const deadline = Date.now() + PATIENCE_MS;
  while (processes().length > 0 && Date.now() < deadline) await sleep(20);
  const ports = await claimPorts('127.0.0.1', port, 2).then(
    () => [],
    (error: Error) => [error.message],
  );
  const socket = join(home, '.longshore/run/redis.sock');
  return [...processes().map(({ command }) => command), ...ports, ...(existsSync(socket) ? [socket] : [])];
}

const pressControlC = (entry: Started) => process.kill(-(entry.process.pid ?? 0), 'SIGINT');

beforeAll(async () => {
  const href = new URL('../../../../scripts/bootstrap/build.mjs', import.meta.url).href;
  const { ensureBuilt } = (await import(href)) as { ensureBuilt: (root: string) => Promise<void> };
  await ensureBuilt(ROOT);
});

beforeEach(async () => {
  folder = await makeTemporaryFolder('up');
  home = realpathSync(folder.path);
  port = await findTwoPorts();
  writeFileSync(join(home, 'package.json'), '{"type":"module","scripts":{"start":"exec node start.mjs"}}');
  const command = JSON.stringify(join(ROOT, 'dist/apps/cli/src/command-line.js'));
  const stub = JSON.stringify(STUB);
  writeFileSync(
    join(home, 'start.mjs'),
    `import { runCommandLine } from ${command};
process.exitCode = await runCommandLine(['up', ...process.argv.slice(2)], { gateway: ${stub}, worker: ${stub} });`,
  );
});

afterEach(async () => {
  for (const { pid } of processes()) process.kill(pid, 'SIGKILL');
  await until('killed processes stay', () => processes().length === 0);
  started.length = 0;
  await folder.remove();
});

describe('npm start', () => {
  it('prints one block when everything is ready, and Ctrl-C ends everything once and in order', async () => {
    const cluster = npmStart(['--gateways', '2', '--workers', '2']);
    await says(cluster, 'Longshore is ready.');
    expect(cluster.output).toContain(`http://127.0.0.1:${port}  http://127.0.0.1:${port + 1}`);
    expect(cluster.output).toContain(`curl http://127.0.0.1:${port}/models/create`);
    await says(cluster, /gateway-1 \| stub gateway speaks/);
    const log = join(home, '.longshore/logs/worker-2.log');
    await until('wrote no log', () => readFileSync(log, 'utf8') === 'stub worker speaks\n');
    pressControlC(cluster);
    expect(await ends(cluster)).toBe(0);
    expect(cluster.output).toContain('Stopped.');
    expect(notes('drains').map((line) => line.split(' ')[0])).toEqual([
      'gateway',
      'gateway',
      'worker',
      'worker',
    ]);
    expect(cluster.output.match(/Longshore is ready/g)).toHaveLength(1);
    await expect(leftovers()).resolves.toEqual([]);
    expect(existsSync(join(home, '.longshore/run'))).toBe(false);
  });

  it('ends everything when npm gets SIGTERM', async () => {
    const cluster = npmStart();
    await says(cluster, 'Longshore is ready.');
    cluster.process.kill('SIGTERM');
    await ends(cluster);
    await expect(leftovers()).resolves.toEqual([]);
    expect(notes('drains')).toHaveLength(2);
  });

  it('ends everything when npm is killed', async () => {
    const cluster = npmStart();
    await says(cluster, 'Longshore is ready.');
    cluster.process.kill('SIGKILL');
    await expect(leftovers()).resolves.toEqual([]);
  });

  it('leaves nothing when the launcher is killed, and starts again at once', async () => {
    const cluster = npmStart();
    await says(cluster, 'Longshore is ready.');
    process.kill(pidOf('start.mjs'), 'SIGKILL');
    const again = npmStart(['--port', `${port + 1}`]);
    await says(again, 'Longshore is ready.');
    pressControlC(again);
    await ends(again);
    await expect(leftovers()).resolves.toEqual([]);
  });

  it('leaves nothing when the launcher is killed while it starts', async () => {
    const cluster = npmStart();
    await says(cluster, 'Starting 1 gateway');
    process.kill(pidOf('start.mjs'), 'SIGKILL');
    await ends(cluster);
    await expect(leftovers()).resolves.toEqual([]);
  });

  it('ends Redis with the launcher also where there is no setpriv', async () => {
    const bin = join(home, 'bin');
    mkdirSync(bin);
    symlinkSync(findProgram('redis-server', process.env['PATH'] ?? '') ?? '', join(bin, 'redis-server'));
    const cluster = launch(process.execPath, ['start.mjs', '--port', `${port}`], { PATH: bin });
    await says(cluster, 'Longshore is ready.');
    cluster.process.kill('SIGKILL');
    await expect(leftovers()).resolves.toEqual([]);
  });

  it('ends at once at the second Ctrl-C', async () => {
    const cluster = npmStart([], { STUB_STUBBORN: 'worker' });
    await says(cluster, 'Longshore is ready.');
    pressControlC(cluster);
    await until('the worker was not asked to stop', () => notes('drains').length === 2);
    await sleep(600);
    pressControlC(cluster);
    await ends(cluster);
    await expect(leftovers()).resolves.toEqual([]);
  });

  it('kills what does not stop within the time limit, and says so', async () => {
    const cluster = npmStart([], { STUB_STUBBORN: 'worker', LONGSHORE_DRAIN_TIMEOUT: '1ms' });
    await says(cluster, 'Longshore is ready.');
    pressControlC(cluster);
    await ends(cluster);
    expect(cluster.output).toContain('worker-1 did not end within 5 s and is killed.');
    await expect(leftovers()).resolves.toEqual([]);
  });

  it('starts a killed worker and a killed Redis again and says so', async () => {
    const cluster = npmStart();
    await says(cluster, 'Longshore is ready.');
    process.kill(
      Number(
        notes('started')
          .find((line) => line.startsWith('worker'))
          ?.split(' ')[2],
      ),
      'SIGKILL',
    );
    await says(cluster, 'worker-1 ended with SIGKILL; it starts again in 1 s.');
    await says(cluster, 'worker-1 is back.');
    process.kill(pidOf('redis-server'), 'SIGKILL');
    await says(cluster, 'redis is back.');
    pressControlC(cluster);
    await ends(cluster);
    await expect(leftovers()).resolves.toEqual([]);
  });
});

describe('npm start, when something is in the way', () => {
  it('says that the port is taken and by what', async () => {
    const cluster = npmStart();
    await says(cluster, 'Longshore is ready.');
    const second = npmStart(['--data', join(home, 'other')]);
    expect(await ends(second)).toBe(1);
    expect(second.output).toContain(
      `Port ${port} is taken by Docker Model Runner or another Longshore. Stop it, or choose another port: npm start -- --port ${port + 1000}`,
    );
    expect(existsSync(join(home, 'other/longshore.lock'))).toBe(false);
  });

  it('says that a silent program holds the second gateway’s port', async () => {
    const silent = createServer().listen(port + 1, '127.0.0.1');
    await once(silent, 'listening');
    try {
      const cluster = npmStart(['--gateways', '2']);
      expect(await ends(cluster)).toBe(1);
      expect(cluster.output).toContain(`Port ${port + 1} is taken by another program.`);
    } finally {
      silent.close();
    }
    await expect(leftovers()).resolves.toEqual([]);
  });

  it('says that the data folder is in use and where its cluster is', async () => {
    const cluster = npmStart();
    await says(cluster, 'Longshore is ready.');
    const second = npmStart(['--port', `${port + 1}`]);
    expect(await ends(second)).toBe(1);
    expect(second.output).toMatch(
      new RegExp(`already runs from this data folder \\(process \\d+ at http://127.0.0.1:${port}\\)`),
    );
    expect(cluster.exit).toBeUndefined();
  });

  it('says how to get a Redis when there is none', async () => {
    const cluster = launch(process.execPath, ['start.mjs'], { PATH: join(home, 'nothing') });
    expect(await ends(cluster)).toBe(1);
    expect(cluster.output).toMatch(
      /^Longshore needs Redis and found neither redis-server nor valkey-server\./,
    );
    await expect(leftovers()).resolves.toEqual([]);
  });

  it('says that the Redis it was told to use cannot be reached', async () => {
    const cluster = npmStart(['--redis', `redis://:secret@127.0.0.1:${port}`]);
    expect(await ends(cluster)).toBe(1);
    expect(cluster.output).toContain(`Redis at 127.0.0.1:${port} cannot be reached (ECONNREFUSED)`);
    await expect(leftovers()).resolves.toEqual([]);
  });

  it('says which process could not be started and shows its last lines', async () => {
    const cluster = npmStart([], { STUB_FAIL: 'worker' });
    expect(await ends(cluster)).toBe(1);
    expect(cluster.output).toMatch(
      /worker-1 could not be started: it ended with exit code 3\. Its log is .*\n {2}the stub was told to fail/,
    );
    await expect(leftovers()).resolves.toEqual([]);
  });

  it('says that the data folder cannot be made', async () => {
    writeFileSync(join(home, 'file'), '');
    const cluster = npmStart(['--data', join(home, 'file/below')]);
    expect(await ends(cluster)).toBe(1);
    expect(cluster.output).toMatch(/The data folder .* cannot be made \(ENOTDIR\)/);
  });
});
