import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifPresent } from './durable-files.js';

/** Bytes of a file that is being written; its holes do not count. */
export function allocatedBytes({ size, blocks }: Stats): number {
  return Math.min(size, blocks * 512);
}

/** What `measure` says of each file of a folder, by name. */
export async function fileSizes(
  folder: string,
  measure: (status: Stats) => number,
): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const name of await readdir(folder)) {
    const status = await ifPresent(stat(join(folder, name)));
    if (status?.isFile() === true) sizes.set(name, measure(status));
  }
  return sizes;
}

export function totalOf(sizes: ReadonlyMap<string, number>): number {
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
