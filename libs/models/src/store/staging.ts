import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { explainingFullDisk } from './store-error.js';
import { LOCKS } from './store-layout.js';
import type { Volume } from './volume.js';

/** Runs `task` with an empty folder of the store's file system, which is gone afterwards. */
export async function withStaging<T>(
  volume: Volume,
  signal: AbortSignal | undefined,
  task: (folder: string) => Promise<T>,
): Promise<T> {
  const { layout, locks } = volume;
  const name = randomUUID();
  const options = { ephemeral: true, ...(signal && { signal }) };
  return explainingFullDisk(layout.directory, () =>
    locks.during(LOCKS.staging(name), options, async () => {
      const folder = layout.staged(name);
      try {
        await mkdir(folder);
        return await task(folder);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }),
  );
}

/** Removes what dead processes had staged. @returns how many folders */
export async function removeAbandonedStaging({ layout, locks }: Volume): Promise<number> {
  let removed = 0;
  for (const name of await readdir(layout.staging)) {
    const lock = await locks.tryAcquire(LOCKS.staging(name), { ephemeral: true });
    if (!lock) continue;
    await rm(layout.staged(name), { recursive: true, force: true });
    await lock.release();
    removed += 1;
  }
  return removed;
}
