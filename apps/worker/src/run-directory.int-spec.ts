import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { makeTemporaryFolder } from '#testing';
import { makeRunDirectory } from './run-directory.js';

afterEach(() => vi.unstubAllEnvs());

it('removes the folders of workers that are gone and keeps those of workers that live', async () => {
  const folder = await makeTemporaryFolder('run-directory');
  const living = spawn('sleep', ['30']);
  const killed = spawn('sleep', ['30']);
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  const [kept, abandoned, foreign] = [
    `longshore-worker-${living.pid}-a`,
    `longshore-worker-${killed.pid}-b`,
    'other',
  ];
  for (const name of [kept, abandoned, foreign]) mkdirSync(join(folder.path, name));
  try {
    const made = await makeRunDirectory(folder.path);
    expect(existsSync(made)).toBe(true);
    expect([kept, abandoned, foreign].map((name) => existsSync(join(folder.path, name)))).toEqual([
      true,
      false,
      true,
    ]);
  } finally {
    living.kill('SIGKILL');
    await folder.remove();
  }
});

/** Lets `act` be somebody who may not do everything. */
async function asAnybody<T>(act: () => Promise<T>): Promise<T> {
  const root = process.getuid?.() === 0;
  if (root) process.seteuid?.(65_534);
  try {
    return await act();
  } finally {
    if (root) process.seteuid?.(0);
  }
}

it('leaves what it may not remove, such as the folder of another user, where it is', async (context) => {
  const folder = await makeTemporaryFolder('run-directory');
  const killed = spawn('sleep', ['30']);
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  const abandoned = join(folder.path, `longshore-worker-${killed.pid}-b`);
  mkdirSync(abandoned);
  writeFileSync(join(abandoned, 'e.sock'), '');
  chmodSync(folder.path, 0o777);
  chmodSync(abandoned, 0o500);
  const reachable = await asAnybody(() => readdir(folder.path)).catch(() => undefined);
  try {
    context.skip(reachable === undefined, 'temporary folders are for one user only here');
    const made = await asAnybody(() => makeRunDirectory(folder.path));
    expect([made, abandoned].map((path) => existsSync(path))).toEqual([true, true]);
  } finally {
    chmodSync(abandoned, 0o700);
    await folder.remove();
  }
});

it('has room for sockets also where the temporary folder is a long way down', async () => {
  const folder = await makeTemporaryFolder('run-directory');
  vi.stubEnv('TMPDIR', join(folder.path, 'down/'.repeat(20)));
  const made = await makeRunDirectory('');
  try {
    // What an engine says that a run folder may have.
    expect(Buffer.byteLength(made)).toBeLessThanOrEqual(76);
  } finally {
    await rm(made, { recursive: true });
    await folder.remove();
  }
});
