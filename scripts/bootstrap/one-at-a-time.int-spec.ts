import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '#testing';

type OneAtATime = <T>(root: string, say: (line: string) => void, work: () => Promise<T>) => Promise<T>;
const module = new URL('one-at-a-time.mjs', import.meta.url).href;
const { oneAtATime } = (await import(module)) as { readonly oneAtATime: OneAtATime };

/** Says that it runs, and installs when it is told to go on. */
const NPM = `#!${process.execPath}
const { appendFileSync, existsSync, mkdirSync, writeFileSync } = require('node:fs');
appendFileSync('runs', process.argv[2] + '\\n');
const watch = setInterval(() => {
  if (!existsSync('go')) return;
  clearInterval(watch);
  mkdirSync('node_modules');
  writeFileSync('node_modules/.package-lock.json', '{}');
}, 10);`;

const linux = process.platform === 'linux';
if (!linux) console.warn('NOT TESTED: that commands wait for each other, which they do on Linux.');

describe.runIf(linux)('commands that set up one folder', () => {
  const children: ChildProcess[] = [];
  let folder: TemporaryFolder;
  let waiting: string;
  beforeEach(async () => {
    folder = await makeTemporaryFolder('turns');
    waiting = `Waiting for another command that installs or builds in ${folder.path}`;
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await folder.remove();
  });

  function begin(...args: string[]) {
    const env = { ...process.env, PATH: `${folder.path}:${process.env['PATH']}` };
    const child = spawn(process.execPath, args, {
      cwd: folder.path,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    let output = '';
    child.stdout.on('data', (chunk) => (output += String(chunk)));
    return { child, ended: once(child, 'close'), output: () => output };
  }

  it('install once when two are started at once, and the second says what it waits for', async () => {
    await cp(fileURLToPath(new URL('..', import.meta.url)), join(folder.path, 'scripts'), {
      recursive: true,
    });
    await writeFile(join(folder.path, 'package-lock.json'), '{"packages":{}}');
    await writeFile(join(folder.path, 'npm'), NPM, { mode: 0o755 });
    const first = begin('scripts/install.mjs');
    await expect.poll(() => existsSync(join(folder.path, 'runs'))).toBe(true);
    const second = begin('scripts/install.mjs');
    await expect.poll(() => second.output()).toContain(waiting);
    await writeFile(join(folder.path, 'go'), '');
    expect(await Promise.all([first.ended, second.ended])).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(readFileSync(join(folder.path, 'runs'), 'utf8')).toBe('ci\n');
    expect(second.output().trim().split('\n')).toHaveLength(1);
  });

  it('do not wait for one that was killed', async () => {
    const { child, output } = begin(
      '--input-type=module',
      '-e',
      `import { oneAtATime } from ${JSON.stringify(module)};
await oneAtATime(${JSON.stringify(folder.path)}, () => undefined, async () => {
  console.log('mine');
  await new Promise((resolve) => setInterval(resolve, 2 ** 30));
});`,
    );
    await expect.poll(output).toBe('mine\n');
    const said: string[] = [];
    const kill = (line: string): void => {
      said.push(line);
      child.kill('SIGKILL');
    };
    expect(await oneAtATime(folder.path, kill, () => Promise.resolve('done'))).toBe('done');
    expect(said).toEqual([expect.stringContaining(waiting)]);
  });

  it('take their turns also after one that failed', async () => {
    const said: string[] = [];
    const say = (line: string): void => void said.push(line);
    const fail = (): Promise<never> => Promise.reject(new Error('no network'));
    await expect(oneAtATime(folder.path, say, fail)).rejects.toThrow('no network');
    expect(await oneAtATime(folder.path, say, () => Promise.resolve('done'))).toBe('done');
    expect(said).toEqual([]);
  });
});
