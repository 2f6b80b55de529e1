import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '#testing';

/** A command that does not end when it is asked to, as npm does not while it installs. */
const STUBBORN = `for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => undefined);
setInterval(() => undefined, 1000);
require('node:fs').writeFileSync('pid.new', String(process.pid));
require('node:fs').renameSync('pid.new', 'pid');`;

const { findProgram } = (await import(new URL('../setup/find-program.mjs', import.meta.url).href)) as {
  findProgram: (name: string) => string | undefined;
};

const tied = process.platform === 'linux' && findProgram('setpriv') !== undefined;
if (!tied)
  console.warn('NOT TESTED: that steps end with a killed npm or program, because there is no setpriv here.');

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return false;
  }
};

describe('a step of the set-up that may be cut off anywhere', () => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await makeTemporaryFolder('step');
  });
  afterEach(() => folder.remove());

  async function begin() {
    const module = new URL('run-step.mjs', import.meta.url).href;
    const step = { command: 'node', args: ['-e', STUBBORN], cwd: folder.path };
    const script = `import { runStep } from ${JSON.stringify(module)};
await runStep({ ...${JSON.stringify(step)}, failure: 'It failed', mayBeKilled: true });
console.log('went on');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    return { child, pid: await pidOfStep(), output: () => output };
  }

  async function pidOfStep(): Promise<number> {
    const file = join(folder.path, 'pid');
    await expect.poll(() => existsSync(file)).toBe(true);
    return Number(readFileSync(file, 'utf8'));
  }

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('has ended when %s ends its program', async (signal) => {
    const { child, pid, output } = await begin();
    const ended = once(child, 'close');
    child.kill(signal);
    expect(await ended).toEqual([null, signal]);
    expect({ alive: isAlive(pid), output: output() }).toEqual({ alive: false, output: '' });
  });

  it.runIf(tied)('ends when npm is killed under which a cluster is set up', async () => {
    const scripts = fileURLToPath(new URL('..', import.meta.url));
    await cp(scripts, join(folder.path, 'scripts'), { recursive: true });
    await writeFile(join(folder.path, 'package-lock.json'), '{"packages":{}}');
    await writeFile(join(folder.path, 'npm'), `#!${process.execPath}\n${STUBBORN}`, { mode: 0o755 });
    const npm = spawn('/bin/sh', ['-c', 'node scripts/start.mjs & wait'], {
      cwd: folder.path,
      env: { PATH: `${folder.path}:${process.env['PATH']}`, npm_lifecycle_event: 'start' },
      stdio: 'ignore',
    });
    const pid = await pidOfStep();
    npm.kill('SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it.runIf(tied)('ends when its program is killed', async () => {
    const { child, pid } = await begin();
    child.kill('SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});
