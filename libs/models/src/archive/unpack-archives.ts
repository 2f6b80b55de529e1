import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FormatError } from '../formats/format-error.js';
import type { BundlePlan } from '../formats/plan-bundle.js';
import { unpackArchive } from './unpack-archive.js';

export interface UnpackArchives {
  /** The model's folder, with its files in place. */
  readonly folder: string;
  /** Where the blob of a digest lies. */
  readonly blob: (digest: string) => string;
}

/**
 * Adds what is inside a model's archives to its folder, and sees that the files an engine is pointed at are there.
 * @throws FormatError; file system errors as they are.
 */
export async function unpackArchives(plan: BundlePlan, { folder, blob }: UnpackArchives): Promise<void> {
  if (plan.archives.length === 0) return;
  await mkdir(folder, { recursive: true });
  for (const { digest, size, gzip } of plan.archives) {
    await unpackArchive({ archive: blob(digest), size, gzip, folder });
  }
  for (const path of [plan.weights, plan.projector, plan.chatTemplate]) {
    if (path === undefined) continue;
    await access(join(folder, path)).catch(() => {
      throw new FormatError(`its archives do not hold the file "${path}" that they should`);
    });
  }
}
