import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';

describe('makeTemporaryFolder', () => {
  it('removes what a process that was killed has left, and nothing of one that lives', async () => {
    const ended = spawnSync('true').pid;
    const orphan = join(tmpdir(), `longshore-test-${ended}-orphan`);
    const taken = join(tmpdir(), `longshore-test-${process.pid}-livesy`);
    for (const folder of [orphan, taken]) {
      // At once with what is in it: others sweep here, too.
      const prepared = join(tmpdir(), `prepared-${basename(folder)}`);
      await mkdir(prepared);
      await writeFile(join(prepared, 'cargo'), 'bananas');
      await rename(prepared, folder);
    }
    vi.resetModules();
    const { makeTemporaryFolder } = await import('./temporary-folder.js');
    const folder = await makeTemporaryFolder();
    try {
      expect(existsSync(orphan)).toBe(false);
      expect(existsSync(join(taken, 'cargo'))).toBe(true);
    } finally {
      await folder.remove();
      rmSync(taken, { recursive: true });
    }
    expect(existsSync(folder.path)).toBe(false);
  });
});
