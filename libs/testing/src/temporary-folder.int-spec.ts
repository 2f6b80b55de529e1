import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';

describe('makeTemporaryFolder', () => {
  it('removes what a process that was killed has left, and nothing of one that lives', async () => {
    const ended = spawnSync('true').pid;
    const orphan = join(tmpdir(), `longshore-test-${ended}-orphan`);
    const taken = join(tmpdir(), `longshore-test-${process.pid}-livesy`);
    for (const folder of [orphan, taken]) {
      await mkdir(folder);
      await writeFile(join(folder, 'cargo'), 'bananas');
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
