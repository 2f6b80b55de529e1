import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';

afterEach(() => vi.unstubAllEnvs());

describe('makeTemporaryFolder', () => {
  it('removes what a process that was killed has left, and nothing of one that lives', async () => {
    vi.resetModules();
    const root = await findRoot();
    const ended = spawnSync('true').pid;
    const orphans = ['test', 'docker-model'].map((name) => join(root, `longshore-${name}-${ended}-orphan`));
    const taken = join(root, `longshore-test-${process.pid}-livesy`);
    for (const folder of [...orphans, taken]) {
      // At once with what is in it: others sweep here, too.
      const prepared = join(root, `prepared-${basename(folder)}`);
      await mkdir(prepared);
      await writeFile(join(prepared, 'cargo'), 'bananas');
      await rename(prepared, folder);
    }
    vi.resetModules();
    const { makeTemporaryFolder } = await import('./temporary-folder.js');
    const folder = await makeTemporaryFolder();
    try {
      expect(orphans.filter((orphan) => existsSync(orphan))).toEqual([]);
      expect(existsSync(join(taken, 'cargo'))).toBe(true);
    } finally {
      await folder.remove();
      rmSync(taken, { recursive: true });
    }
    expect(existsSync(folder.path)).toBe(false);
  });

  it('has room for the sockets of engines also where the folder of the system is a long way down', async () => {
    const deep = join(tmpdir(), `longshore-deep-${process.pid}`, 'down/'.repeat(20));
    await mkdir(deep, { recursive: true });
    vi.stubEnv('TMPDIR', deep);
    const { makeTemporaryFolder } = await import('./temporary-folder.js');
    const folder = await makeTemporaryFolder('cluster');
    const below = join(folder.path, 'r1', 'longshore-worker-1234567-abcdef');
    const server = createServer();
    try {
      await mkdir(below, { recursive: true });
      server.listen(join(below, 'e-1234567-10.sock'));
      await once(server, 'listening');
      expect(Buffer.byteLength(join(below, 'e-1234567-10.sock'))).toBeLessThanOrEqual(100);
    } finally {
      server.close();
      await folder.remove();
      vi.unstubAllEnvs();
      await rm(join(tmpdir(), `longshore-deep-${process.pid}`), { recursive: true });
    }
  });
});

/** Where the folders are. */
async function findRoot(): Promise<string> {
  const { makeTemporaryFolder } = await import('./temporary-folder.js');
  const folder = await makeTemporaryFolder();
  await folder.remove();
  return dirname(folder.path);
}
