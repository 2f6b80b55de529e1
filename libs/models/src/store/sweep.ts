import { readFile, readdir, rename, rm, unlink } from 'node:fs/promises';
import { FormatError } from '../formats/format-error.js';
import { blobsOf, parseManifest } from '../formats/manifest.js';
import { ifPresent, syncFolder } from './durable-files.js';
import { FileLock } from './file-lock.js';
import type { StoreLayout } from './store-layout.js';

const SWEEP_LOCK = 'sweep';

/**
 * Runs `task` while nobody removes blobs, so that a blob found present stays present until a manifest names it.
 * Any number of holders at once; removal that came due meanwhile is done when the last one leaves.
 */
export async function holdingBlobs<T>(
  layout: StoreLayout,
  signal: AbortSignal | undefined,
  task: () => Promise<T>,
): Promise<T> {
  const hold = await FileLock.acquire(layout.lock(SWEEP_LOCK), { shared: true, ...(signal && { signal }) });
  try {
    return await task();
  } finally {
    await hold.release();
    await sweep(layout);
  }
}

/** Takes a model off the store in one step. Its bytes go with the next {@link sweep}. False when it was not there. */
export async function trashModel(layout: StoreLayout, id: string): Promise<boolean> {
  const moved = await ifPresent(rename(layout.manifest(id), layout.trashed(id)).then(() => true));
  if (!moved) return false;
  await syncFolder(layout.trash);
  await syncFolder(layout.manifests);
  return true;
}

/**
 * Removes the blobs and folders of trashed models that no other model needs. Does nothing while somebody holds
 * blobs; it can be interrupted anywhere and is finished by the next call.
 */
export async function sweep(layout: StoreLayout): Promise<void> {
  // Whoever trashed a model while the lock was taken relies on its holder to look once more.
  while ((await readdir(layout.trash)).length > 0) {
    const lock = await FileLock.tryAcquire(layout.lock(SWEEP_LOCK));
    if (!lock) return;
    try {
      // In this order: a model trashed in between waits for the next round with all its blobs.
      const names = await readdir(layout.trash);
      const needed = await neededBlobs(layout);
      for (const name of names) await removeTrashed(layout, name, needed);
    } finally {
      await lock.release();
    }
  }
}

async function removeTrashed(layout: StoreLayout, name: string, needed: ReadonlySet<string>): Promise<void> {
  const trashed = layout.trashed(name);
  for (const digest of digestsIn(await readFile(trashed))) {
    if (!needed.has(digest)) await rm(layout.blob(digest), { force: true });
  }
  if ((await ifPresent(readFile(layout.manifest(name)))) === undefined) {
    await rm(layout.bundle(name), { recursive: true, force: true });
    await rm(layout.origin(name), { force: true });
  }
  await unlink(trashed);
}

async function neededBlobs(layout: StoreLayout): Promise<Set<string>> {
  const needed = new Set<string>();
  for (const name of await readdir(layout.manifests)) {
    const bytes = await ifPresent(readFile(layout.manifest(name)));
    if (bytes) for (const digest of digestsIn(bytes)) needed.add(digest);
  }
  return needed;
}

function digestsIn(bytes: Buffer): string[] {
  try {
    return blobsOf(parseManifest(bytes)).map((blob) => blob.digest);
  } catch (error) {
    if (error instanceof FormatError) return [];
    throw error;
  }
}
