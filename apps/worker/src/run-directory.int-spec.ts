import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeTemporaryFolder } from '#testing';
import { makeRunDirectory } from './run-directory.js';

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
