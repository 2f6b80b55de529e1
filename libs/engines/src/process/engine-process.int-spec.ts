import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformFile } from '@swc/core';
import { eventually, isAlive, listProcesses, makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineProcess, type ProcessEnd } from './engine-process.js';
import { pulseOf } from './process-pulse.js';

let folder: TemporaryFolder;
const parents: ChildProcess[] = [];

beforeEach(async () => {
  folder = await makeTemporaryFolder('proc');
});

afterEach(async () => {
  for (const parent of parents.splice(0)) parent.kill('SIGKILL');
  await folder.remove();
});

/** Runs a shell script as if it were an engine. */
function run(script: string, socketPath?: string) {
  const ends: ProcessEnd[] = [];
  const lines: string[] = [];
  const engine = new EngineProcess({
    command: { program: '/bin/sh', arguments: ['-c', script], environment: { PATH: '/usr/bin:/bin' } },
    log: (line) => lines.push(line),
    ...(socketPath === undefined ? {} : { socketPath }),
    explain: (end) => {
      ends.push(end);
      return 'a sentence';
    },
  });
  return { engine, ends, lines };
}

/** No other test process sleeps as long. */
const SLEEP = `sleep 600.${process.pid}`;

/** A process of its own that starts `sleep` twice through `spawnGuarded`: as the program and as the program's child. */
async function startParent(): Promise<ChildProcess> {
  const source = fileURLToPath(new URL('./spawn-guarded.ts', import.meta.url));
  const { code } = await transformFile(source, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
  });
  await writeFile(join(folder.path, 'spawn-guarded.mjs'), code);
  const script = join(folder.path, 'parent.mjs');
  await writeFile(
    script,
    `import { spawnGuarded } from './spawn-guarded.mjs';
     const { stdout } = spawnGuarded({ program: '/bin/sh', arguments: ['-c', '${SLEEP} & echo up; exec ${SLEEP}'], environment: {} });
     stdout.pipe(process.stdout);`,
  );
  const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  parents.push(parent);
  await new Promise((resolve) => parent.stdout?.once('data', resolve));
  return parent;
}

describe('EngineProcess', () => {
  it('dies with a parent that is killed with SIGKILL, and so do its own children', async () => {
    const sleepers = () => listProcesses().filter(({ command }) => command.includes(SLEEP));
    const parent = await startParent();
    await eventually(() => sleepers().filter(({ command }) => command.startsWith('sleep')).length === 2);
    parent.kill('SIGKILL');
    const left = await eventually(sleepers, ({ length }) => length === 0, { what: 'the orphans to go' });
    expect(left).toEqual([]);
  });

  it('tells how it ended and what it said last, also without a line feed', async () => {
    const { engine, ends, lines } = run('echo one; echo two >&2; printf three; exit 7');
    expect(await engine.exited).toEqual({ code: 7, signal: null, reason: 'a sentence' });
    expect(ends[0]).toMatchObject({ code: 7, asked: false });
    expect(lines.toSorted()).toEqual(['one', 'three', 'two']);
  });

  it('has exited when the program is not there', async () => {
    const engine = new EngineProcess({
      command: { program: join(folder.path, 'nothing'), arguments: [], environment: {} },
      log: () => undefined,
      explain: (end) => end.lastLines.join(' '),
    });
    const exit = await engine.exited;
    expect(exit.code).toBe(127);
    expect(exit.reason).toContain('not found');
  });

  it('removes the socket file that a killed program leaves behind', async () => {
    const socketPath = join(folder.path, 'e.sock');
    const { engine } = run(`: > ${socketPath}; echo up; exec sleep 600`, socketPath);
    await eventually(() => existsSync(socketPath));
    process.kill(engine.pid, 'SIGKILL');
    expect((await engine.exited).signal).toBe('SIGKILL');
    expect(existsSync(socketPath)).toBe(false);
  });

  it('removes the folder in which a killed program leaves things behind', async () => {
    const scratchFolder = join(folder.path, 'scratch');
    const engine = new EngineProcess({
      command: {
        program: '/bin/sh',
        arguments: ['-c', `mkdir ${scratchFolder}; : > ${scratchFolder}/left; exec sleep 600`],
        environment: { PATH: '/usr/bin:/bin' },
      },
      log: () => undefined,
      scratchFolder,
      explain: () => '',
    });
    await eventually(() => existsSync(join(scratchFolder, 'left')));
    process.kill(engine.pid, 'SIGKILL');
    await engine.exited;
    expect(existsSync(scratchFolder)).toBe(false);
  });

  it('gives back the shared memory of a program and of its children that are killed', async () => {
    const mark = `longshore-test-${process.pid}`;
    const left = () => readdirSync('/dev/shm').filter((name) => name.startsWith(mark));
    const hold = (name: string) =>
      `import mmap,time;f=open('/dev/shm/${mark}${name}','w+b');f.truncate(4096);m=mmap.mmap(f.fileno(),4096);time.sleep(600)`;
    const engine = new EngineProcess({
      command: {
        program: '/bin/sh',
        arguments: ['-c', `python3 -c "${hold('a')}" & exec python3 -c "${hold('b')}"`],
        environment: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' },
      },
      log: () => undefined,
      sharesMemory: true,
      explain: () => '',
    });
    await eventually(() => left().length === 2);
    engine.markReady();
    process.kill(engine.pid, 'SIGKILL');
    await engine.exited;
    expect(left()).toEqual([]);
  });

  it('ends a program that only minds its second SIGTERM, before the grace time is over', async () => {
    const { engine, lines } = run(
      `n=0; trap 'n=$((n+1)); [ $n = 2 ] && exit 3' TERM; echo up; while :; do sleep 0.02; done`,
    );
    await eventually(() => lines.includes('up'));
    await engine.stop(20_000);
    expect((await engine.exited).code).toBe(3);
  });

  it('kills a program that minds no SIGTERM, and its children, when the grace time is over', async () => {
    const { engine, ends, lines } = run(`trap '' TERM; echo up; while :; do sleep 0.02; done`);
    await eventually(() => lines.includes('up'));
    await engine.stop(400);
    expect(isAlive(engine.pid)).toBe(false);
    expect(ends[0]).toMatchObject({ signal: 'SIGKILL', asked: true });
  });

  it('shows whether a program and its children compute, or were stopped', async () => {
    const { engine } = run('while :; do :; done & exec sleep 600');
    const first = await eventually(() => pulseOf(engine.pid), Boolean);
    await eventually(async () => ((await pulseOf(engine.pid))?.work ?? 0) > (first?.work ?? 0) + 10);
    expect((await pulseOf(engine.pid))?.halted).toBe(false);
    process.kill(-engine.pid, 'SIGSTOP');
    await eventually(async () => (await pulseOf(engine.pid))?.halted === true);
    await engine.stop(0);
  });

  it('kills a program that was stopped, and gives the reason for it as that of its end', async () => {
    const { engine, lines } = run('echo up; while :; do sleep 0.02; done');
    await eventually(() => lines.includes('up'));
    process.kill(engine.pid, 'SIGSTOP');
    engine.kill('It was stuck.');
    expect(await engine.exited).toEqual({ code: null, signal: 'SIGKILL', reason: 'It was stuck.' });
  });

  it('keeps a bounded number of lines of a program that never stops talking', async () => {
    const { engine, ends } = run('i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done');
    await engine.exited;
    expect(ends[0]?.lastLines).toHaveLength(200);
    expect(ends[0]?.lastLines.at(-1)).toBe('line 2999');
  });
});
