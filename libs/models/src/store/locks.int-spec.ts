import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { BuiltProgram } from '../__fixtures__/built-program.js';
import { HeartbeatLocks } from './heartbeat-locks.js';
import { KernelLocks } from './kernel-locks.js';
import type { Locks } from './locks.js';

const PATIENCE_MS = 2_000;
let program: BuiltProgram;
let folder: TemporaryFolder;

beforeAll(async () => {
  program = await BuiltProgram.build();
  folder = await makeTemporaryFolder('locks');
});
afterAll(async () => {
  await program.remove();
  await folder.remove();
});

const KINDS: readonly ['kernel' | 'heartbeat', (directory: string) => Locks][] = [
  ['kernel', (directory) => new KernelLocks(directory)],
  ['heartbeat', (directory) => new HeartbeatLocks(directory, { interval: 50, patience: PATIENCE_MS })],
];

describe.each(KINDS)('%s locks', (kind, create) => {
  let count = 0;
  async function place(): Promise<{ directory: string; locks: Locks }> {
    const directory = join(folder.path, `${kind}-${(count += 1)}`);
    await mkdir(directory);
    return { directory, locks: create(directory) };
  }

  it('have one exclusive holder, or several that share', async () => {
    const { locks } = await place();
    const shared = await Promise.all([1, 2].map(() => locks.acquire('a', { shared: true })));
    expect(await locks.tryAcquire('a')).toBeUndefined();
    expect(await locks.isHeld('a')).toBe(true);
    expect(await locks.isHeld('b')).toBe(false);
    for (const lock of shared) await lock.release();
    expect(await locks.isHeld('a')).toBe(false);
    const exclusive = await locks.acquire('a');
    expect(await locks.tryAcquire('a', { shared: true })).toBeUndefined();
    expect(await locks.list()).toContain('a');
    await exclusive.release();
    const last = await locks.tryAcquire('a', { ephemeral: true });
    await last?.release();
    expect(await locks.list()).not.toContain('a');
  });

  it('let in one at a time of many that come at once', async () => {
    const { locks } = await place();
    let inside = 0;
    let entries = 0;
    await Promise.all(
      Array.from({ length: 8 }, () =>
        locks.during('a', { ephemeral: true }, async () => {
          inside += 1;
          expect(inside).toBe(1);
          await new Promise((resolve) => setImmediate(resolve));
          inside -= 1;
          entries += 1;
        }),
      ),
    );
    expect(entries).toBe(8);
  });

  it('stay with another process for as long as it lives, and go when it is killed', async () => {
    const { directory, locks } = await place();
    const holder = program.start('lock', directory, kind, 'a');
    await holder.heard('held');
    if (kind === 'heartbeat') await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS + 200));
    expect(await locks.tryAcquire('a')).toBeUndefined();
    await holder.kill();
    const lock = await eventually(() => locks.tryAcquire('a', { ephemeral: true }));
    await lock?.release();
    expect(await locks.list()).toEqual([]);
  });

  it('end for a waiter when it gives up', async () => {
    const { directory, locks } = await place();
    const lock = await locks.acquire('a');
    const stop = new AbortController();
    const waiting = locks.acquire('a', {
      signal: stop.signal,
      onWait: async () => stop.abort(new Error('enough')),
    });
    await expect(waiting).rejects.toThrow('enough');
    await lock.release();
    expect((await readdir(directory)).filter((entry) => entry.endsWith('.held'))).toEqual([]);
  });
});
