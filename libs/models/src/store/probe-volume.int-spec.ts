import { chmod, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { ModelStore } from './model-store.js';
import { probeVolume, type TryKernelLock } from './probe-volume.js';

let folder: TemporaryFolder;
let count = 0;
beforeAll(async () => {
  folder = await makeTemporaryFolder('probe');
});
afterAll(() => folder.remove());

async function place(): Promise<string> {
  const path = join(folder.path, String((count += 1)));
  await mkdir(path);
  return path;
}

const failing = (code: string): TryKernelLock => {
  return () => {
    throw Object.assign(new Error(code), { code });
  };
};
const probing = (tryLock: TryKernelLock) => ({ probe: (workshop: string) => probeVolume(workshop, tryLock) });
const WITHOUT_LOCKS = probing(failing('ENOLCK'));

describe('probeVolume', () => {
  it('finds out what the file system of this machine can do, and leaves nothing behind', async () => {
    const workshop = await place();
    expect(await probeVolume(workshop)).toMatchObject({
      locks: 'kernel',
      hardLinks: true,
      sparseFiles: true,
      caseSensitive: true,
    });
    expect(await readdir(workshop)).toEqual([]);
  });

  it('does not trust locks that are granted to everybody', async () => {
    expect(await probeVolume(await place(), () => true)).toMatchObject({ locks: 'heartbeat' });
  });

  it.each(['ENOTSUP', 'ENOSYS', 'ENOLCK', 'EINVAL'])(
    'takes %s for a file system without locks',
    async (code) => {
      expect(await probeVolume(await place(), failing(code))).toMatchObject({ locks: 'heartbeat' });
    },
  );
});

describe('a store', () => {
  it('on a file system without locks works with those that are kept alive, and all who use it do', async () => {
    const directory = await place();
    const store = await ModelStore.open(directory, WITHOUT_LOCKS);
    expect(store.traits.locks).toBe('heartbeat');
    expect(JSON.parse(await readFile(join(directory, 'layout.json'), 'utf8'))).toMatchObject({
      locks: 'heartbeat',
    });
    expect((await ModelStore.open(directory)).traits.locks).toBe('heartbeat');
  });

  it('that others lock with the kernel is not used where the kernel has no locks', async () => {
    const directory = await place();
    await ModelStore.open(directory);
    await expect(ModelStore.open(directory, WITHOUT_LOCKS)).rejects.toMatchObject({
      reason: 'unusable',
      message: expect.stringContaining('Mount it so that it has'),
    });
  });

  it('of the release before this one is locked with the kernel', async () => {
    const directory = await place();
    await writeFile(join(directory, 'layout.json'), '{"version":"1.1.0"}');
    expect((await ModelStore.open(directory)).traits.locks).toBe('kernel');
    await writeFile(join(directory, 'layout.json'), '{"version":"1.1.0","locks":"prayer"}');
    await expect(ModelStore.open(directory)).rejects.toThrow('Use a newer release');
  });

  it('is not opened where nothing can be written', async (context) => {
    context.skip(process.getuid?.() !== 0, 'only root can become somebody who may not write');
    const directory = await place();
    await ModelStore.open(directory);
    await chmod(directory, 0o755);
    // Reachable, so that it is the store that refuses.
    await chmod(folder.path, 0o755);
    const open = await openAs(65_534, directory);
    expect(open).toMatch(/The model store .* cannot be used: EACCES/);
  });

  it('of Docker Model Runner is left as it is, and how to take it over is said', async () => {
    const directory = await place();
    await writeFile(join(directory, 'layout.json'), '{"version":"1.0.0"}');
    const before = (await stat(directory)).mtimeMs;
    await expect(ModelStore.open(directory)).rejects.toThrow('LONGSHORE_IMPORT_STORE');
    expect((await stat(directory)).mtimeMs).toBe(before);
    expect(await readdir(directory)).toEqual(['layout.json']);
  });
});

/** The message of what another user gets who opens the store. */
async function openAs(uid: number, directory: string): Promise<string> {
  const before = process.geteuid?.() ?? 0;
  process.seteuid?.(uid);
  try {
    return await ModelStore.open(directory).then(
      () => 'it was opened',
      (error: unknown) => String(error),
    );
  } finally {
    process.seteuid?.(before);
  }
}
