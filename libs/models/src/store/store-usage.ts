import { lstat, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ifPresent } from './durable-files.js';
import { allocatedBytes, fileSizes, totalOf } from './file-sizes.js';
import { namedBlobs } from './named-blobs.js';
import type { Volume } from './volume.js';

/** What a store takes; all in bytes. */
export interface StoreUsage {
  /** All of it. */
  readonly total: number;
  /** Blobs of models; each counts once, however many models share it. */
  readonly models: number;
  /** Blobs no model needs: removed models that are still in use, and what broken pulls have left. */
  readonly leftovers: number;
  /** What is arriving, or was when a pull broke. */
  readonly partial: number;
  /** Copies for engines, where the file system has no hard links. */
  readonly copies: number;
  /** What the disk has left; undefined when it does not say. */
  readonly free: number | undefined;
  /** 0 = none. */
  readonly quota: number;
}

export async function measureUsage(volume: Volume): Promise<StoreUsage> {
  const { layout, quota } = volume;
  const blobs = await fileSizes(layout.blobs, ({ size }) => size);
  const needed = new Set<string>();
  for (const id of await readdir(layout.manifests)) {
    const bytes = await ifPresent(readFile(layout.manifest(id)));
    for (const name of bytes ? namedBlobs(bytes) : []) needed.add(name);
  }
  const models = totalOf(new Map([...blobs].filter(([name]) => needed.has(name))));
  const leftovers = totalOf(blobs) - models;
  const partial = totalOf(await fileSizes(layout.partial, allocatedBytes));
  const copies = await sizeOfCopies(layout.bundles);
  const total = models + leftovers + partial + copies;
  return { total, models, leftovers, partial, copies, free: await volume.freeBytes(), quota };
}

/** Hard links take no room, and symbolic links hardly any. */
async function sizeOfCopies(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of (await ifPresent(readdir(folder, { withFileTypes: true }))) ?? []) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await sizeOfCopies(path);
    else if (entry.isFile()) {
      const status = await ifPresent(lstat(path));
      if (status?.nlink === 1) bytes += status.size;
    }
  }
  return bytes;
}
