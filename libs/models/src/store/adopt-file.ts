import { constants, copyFile, link, rm, stat } from 'node:fs/promises';
import type { Descriptor } from '../formats/manifest.js';
import { publish, unlessPresent } from './blob-writer.js';
import { hasCode, ifPresent, syncFolder } from './durable-files.js';
import { NO_LINK } from './place-file.js';
import { checkFree } from './room.js';
import { StoreError } from './store-error.js';
import { digestOfFile } from './verify-blobs.js';
import type { Volume } from './volume.js';

export interface Adoption {
  readonly blob: Descriptor;
  /** Belongs to somebody else, who will not write to it any more; stays as it is. */
  readonly file: string;
  readonly signal?: AbortSignal;
}

/**
 * Makes a file somebody else has a blob, by a further name for it or, where there can be none, by a copy. Its bytes
 * are checked.
 * @returns false when the blob was there already.
 * @throws StoreError `mismatch`, `no-room`; the signal's reason
 */
export async function adoptFile(volume: Volume, { blob, file, signal }: Adoption): Promise<boolean> {
  const { layout } = volume;
  const place = layout.partialPlace(blob.digest);
  return unlessPresent(volume, { blob, ...(signal && { signal }) }, async () => {
    await check(file, blob, signal);
    if (await linked(file, layout.blob(blob.digest))) return syncFolder(layout.blobs);
    await checkFree(volume, blob.size);
    await rm(place.record, { force: true });
    try {
      await copyFile(file, place.data, constants.COPYFILE_FICLONE);
      await check(place.data, blob, signal);
    } catch (error) {
      await rm(place.data, { force: true });
      throw error;
    }
    await publish(layout, blob);
  });
}

async function check(
  path: string,
  { digest, size }: Descriptor,
  signal: AbortSignal | undefined,
): Promise<void> {
  const sound = (await ifPresent(stat(path)))?.size === size && (await digestOfFile(path, signal)) === digest;
  if (!sound) throw new StoreError('mismatch', `The file ${path} is missing or damaged.`);
}

/** Never by way of a partial file: a pull that went on with one would write into what is not ours. */
async function linked(file: string, blob: string): Promise<boolean> {
  try {
    await rm(blob, { force: true });
    await link(file, blob);
    return true;
  } catch (error) {
    if (hasCode(error, ...NO_LINK)) return false;
    throw error;
  }
}
