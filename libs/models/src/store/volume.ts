import { statfs } from 'node:fs/promises';
import { hasCode } from './durable-files.js';
import type { Locks } from './locks.js';
import type { StoreLayout } from './store-layout.js';
import type { VolumeTraits } from './probe-volume.js';

export interface VolumeParts {
  readonly layout: StoreLayout;
  /** Of this store and no other. */
  readonly id: string;
  readonly locks: Locks;
  readonly traits: VolumeTraits;
  /** Bytes the store may take; 0 = as much as the disk has. */
  readonly quota: number;
  /** Free bytes of the file system; undefined when it does not say. */
  readonly freeBytes: () => Promise<number | undefined>;
}

/** What every part of the store needs to know of the place it lies on. */
export type Volume = VolumeParts;

/** Bytes that a process without privileges may still write to the file system of a folder. */
export async function freeBytesOf(directory: string): Promise<number | undefined> {
  try {
    const { bavail, bsize, blocks } = await statfs(directory);
    // Some network file systems say 0 of 0 blocks.
    return blocks === 0 ? undefined : bavail * bsize;
  } catch (error) {
    if (hasCode(error, 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP')) return undefined;
    throw error;
  }
}
