import { readFile, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ifPresent, syncFolder } from './durable-files.js';
import { allocatedBytes } from './file-sizes.js';
import type { Lock } from './locks.js';
import { namedBlobs } from './named-blobs.js';
import { planCollection, type Collection, type StoreContents } from './plan-collection.js';
import { forgetDeadReservations } from './room.js';
import { removeAbandonedStaging } from './staging.js';
import { LASTING_LOCKS, LOCKS, hex, type StoreLayout } from './store-layout.js';
import type { Volume } from './volume.js';

/**
 * Runs `task` while nobody removes blobs, so that a blob found present stays present until a manifest names it.
 * Any number of holders at once; removal that came due meanwhile is done when the last one leaves.
 */
export async function holdingBlobs<T>(
  volume: Volume,
  signal: AbortSignal | undefined,
  task: () => Promise<T>,
): Promise<T> {
  const hold = await volume.locks.acquire(LOCKS.sweep, { shared: true, ...(signal && { signal }) });
  try {
    return await task();
  } finally {
    await hold.release();
    await sweep(volume);
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
 * Removes the bytes of trashed models that no other model needs and no engine has. Does nothing while somebody holds
 * blobs; it can be interrupted anywhere and is finished by the next call.
 */
export async function sweep(volume: Volume): Promise<void> {
  const seen = new Set<string>();
  // Whoever trashed a model while the lock was taken relies on its holder to look once more.
  while ((await readdir(volume.layout.trash)).some((name) => !seen.has(name))) {
    const removed = await underSweep(volume, async () => {
      const contents = await takeStock(volume);
      for (const name of contents.trash.keys()) seen.add(name);
      await carryOut(volume, planCollection(contents, { leftoverAge: Infinity, keep: new Set() }));
    });
    if (!removed) return;
  }
}

export interface CollectOptions {
  /** Blobs and partial files that nobody needs are kept for so long, for the pull may be tried again; ms. */
  readonly leftoverAge?: number;
  /** Digests that stay in any case. */
  readonly keep?: Iterable<string>;
}

/** What became free by {@link collectGarbage}. */
export interface Collected {
  /** Blobs, partial files, folders and other leftovers. */
  readonly files: number;
  readonly bytes: number;
  /** False while a pull runs: blobs stay, and the next collection will find them. */
  readonly complete: boolean;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Files that somebody writes for a moment only, and that he has left behind when they are so old; ms. */
const TEMPORARY_AGE_MS = 60 * 60 * 1000;

/** Removes what nobody needs: trash, blobs, what broken pulls have left, folders of models that are gone. */
export async function collectGarbage(volume: Volume, options: CollectOptions = {}): Promise<Collected> {
  const rules = {
    leftoverAge: options.leftoverAge ?? DAY_MS,
    keep: new Set([...(options.keep ?? [])].map(hex)),
  };
  const tally: Tally = { files: 0, bytes: 0 };
  const complete = await underSweep(volume, async () => {
    await carryOut(volume, planCollection(await takeStock(volume), rules), tally);
    await removeBuildings(volume, tally);
    await removeFreeLocks(volume);
  });
  // What was trashed while we had the lock was left to us.
  await sweep(volume);
  await removePartials(volume, rules, tally);
  await forgetDeadReservations(volume);
  tally.files += await removeAbandonedStaging(volume);
  return { ...tally, complete };
}

interface Tally {
  files: number;
  bytes: number;
}

/** Locks that have to be kept alive seem taken when two look at the same moment. */
const SWEEP_TRIES = 3;

async function underSweep({ locks }: Volume, task: () => Promise<void>): Promise<boolean> {
  let lock: Lock | undefined;
  for (let tries = 0; lock === undefined && tries < SWEEP_TRIES; tries += 1) {
    lock = await locks.tryAcquire(LOCKS.sweep);
  }
  if (!lock) return false;
  try {
    await task();
  } finally {
    await lock.release();
  }
  return true;
}

/**
 * Models before trash: one that is removed in between is seen in both places and never in none, which would take its
 * files from who uses them. Nothing comes meanwhile, for that takes the lock that the caller has.
 */
async function takeStock({ layout, locks }: Volume): Promise<StoreContents> {
  const models = new Map<string, string[]>();
  for (const name of await readdir(layout.manifests)) {
    const bytes = await ifPresent(readFile(layout.manifest(name)));
    if (bytes) models.set(name, namedBlobs(bytes));
  }
  const trash = new Map<string, { blobs: string[]; leased: boolean }>();
  for (const name of await readdir(layout.trash)) {
    const bytes = await ifPresent(readFile(layout.trashed(name)));
    if (!bytes) continue;
    trash.set(name, { blobs: namedBlobs(bytes), leased: await locks.isHeld(LOCKS.lease(name)) });
    // One that was removed, came again and stays is in both places too.
    if (!(await ifPresent(stat(layout.manifest(name))))) models.delete(name);
  }
  const blobs = new Map<string, number>();
  for (const name of await readdir(layout.blobs)) {
    const status = await ifPresent(stat(layout.blob(name)));
    if (status) blobs.set(name, Date.now() - status.mtimeMs);
  }
  const bundles = (await readdir(layout.bundles)).filter((name) => !name.includes('.'));
  return { models, trash, blobs, bundles, origins: await readdir(layout.origins) };
}

async function carryOut(
  volume: Volume,
  plan: Collection,
  tally: Tally = { files: 0, bytes: 0 },
): Promise<void> {
  const { layout } = volume;
  for (const name of plan.bundles) await rm(layout.bundle(name), { recursive: true, force: true });
  for (const name of plan.blobs) {
    tally.bytes += (await ifPresent(stat(layout.blob(name))))?.size ?? 0;
    await rm(layout.blob(name), { force: true });
  }
  for (const name of plan.origins) await rm(layout.origin(name), { force: true });
  // Before the trash goes, what it stood for must be gone for good.
  if (plan.trash.length > 0) await syncFolder(layout.blobs);
  for (const name of plan.trash) await ifPresent(unlink(layout.trashed(name)));
  tally.files += plan.blobs.length + plan.bundles.length + plan.origins.length;
}

/** Folders that were being put together by processes that died. */
async function removeBuildings({ layout, locks }: Volume, tally: Tally): Promise<void> {
  for (const entry of await readdir(layout.bundles)) {
    const name = /^([0-9a-f]{64})\.building$/.exec(entry)?.[1];
    if (name === undefined) continue;
    const lock = await locks.tryAcquire(LOCKS.bundle(name), { ephemeral: true });
    if (!lock) continue;
    await rm(join(layout.bundles, entry), { recursive: true, force: true });
    await lock.release();
    tally.files += 1;
  }
}

/** Locks of things that are over leave nothing behind, unless their holder was killed. */
async function removeFreeLocks({ locks }: Volume): Promise<void> {
  for (const name of await locks.list()) {
    if (LASTING_LOCKS.includes(name)) continue;
    await (await locks.tryAcquire(name, { ephemeral: true }))?.release();
  }
}

/** What broken pulls have left, unless a pull goes on with it. */
async function removePartials(
  { layout, locks }: Volume,
  { leftoverAge, keep }: { readonly leftoverAge: number; readonly keep: ReadonlySet<string> },
  tally: Tally,
): Promise<void> {
  const byDigest = new Map<string, string[]>();
  for (const entry of await readdir(layout.partial)) {
    const path = join(layout.partial, entry);
    const digest = /^([0-9a-f]{64})(?:\.|$)/.exec(entry)?.[1];
    if (digest === undefined) await removeWhenOld([path], TEMPORARY_AGE_MS, tally);
    else if (!keep.has(digest)) byDigest.set(digest, [...(byDigest.get(digest) ?? []), path]);
  }
  for (const [digest, paths] of byDigest) {
    const lock = await locks.tryAcquire(LOCKS.blob(digest), { ephemeral: true });
    if (!lock) continue;
    await removeWhenOld(paths, leftoverAge, tally);
    await lock.release();
  }
}

/** Files that belong together: the youngest counts. */
async function removeWhenOld(paths: readonly string[], age: number, tally: Tally): Promise<void> {
  const found = await Promise.all(paths.map((path) => ifPresent(stat(path))));
  const youngest = Math.max(...found.map((status) => status?.mtimeMs ?? 0));
  if (Date.now() - youngest < age) return;
  for (const path of paths) await rm(path, { recursive: true, force: true });
  tally.files += paths.length;
  tally.bytes += found.reduce((sum, status) => sum + (status ? allocatedBytes(status) : 0), 0);
}
