import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, readdir, rm } from 'node:fs/promises';
import { blobsOf, type Manifest } from '../formats/manifest.js';
import { hasCode, syncFolder } from './durable-files.js';
import { hex, LOCKS } from './store-layout.js';
import type { Volume } from './volume.js';

export interface VerifyOptions {
  /** Aborting rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Reads every byte of a model. A blob that is not what its digest says is removed, and with it every folder it was in,
 * so that nobody is given it again; the next pull brings it anew. An engine that has it open keeps what it has.
 * @returns digests of the blobs that are missing now.
 */
export async function verifyBlobs(
  volume: Volume,
  manifest: Manifest,
  { signal }: VerifyOptions = {},
): Promise<string[]> {
  const damaged: string[] = [];
  for (const blob of blobsOf(manifest)) {
    if (!(await verifyBlob(volume, blob.digest, signal))) damaged.push(blob.digest);
  }
  return damaged;
}

/** As {@link verifyBlobs}, for one blob. @returns false when it is missing now. */
export async function verifyBlob(volume: Volume, digest: string, signal?: AbortSignal): Promise<boolean> {
  // With the lock of the blob, so that nobody brings a good one while the bad one is being judged.
  const options = { ephemeral: true, ...(signal && { signal }) };
  const sound = await volume.locks.during(LOCKS.blob(digest), options, async () => {
    if (await isSound(volume, digest, signal)) return true;
    await rm(volume.layout.blob(digest), { force: true });
    await syncFolder(volume.layout.blobs);
    return false;
  });
  if (!sound) await removeBundlesWith(volume, digest);
  return sound;
}

/** SHA-256 of a file; undefined when it is not there. @throws the signal's reason */
export async function digestOfFile(path: string, signal?: AbortSignal): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      signal?.throwIfAborted();
      hash.update(chunk as Buffer);
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  return `sha256:${hash.digest('hex')}`;
}

async function isSound({ layout }: Volume, digest: string, signal?: AbortSignal): Promise<boolean> {
  try {
    return (await digestOfFile(layout.blob(digest), signal)) === digest;
  } catch (error) {
    // A disk that cannot read the bytes any more has lost them.
    if (hasCode(error, 'EIO')) return false;
    throw error;
  }
}

/** Their files are the same bytes under other names. */
async function removeBundlesWith({ layout, locks }: Volume, digest: string): Promise<void> {
  for (const name of await readdir(layout.bundles)) {
    if (name.includes('.')) continue;
    const manifest = await readEither(layout.manifest(name), layout.trashed(name));
    if (!manifest.includes(hex(digest))) continue;
    await locks.during(LOCKS.bundle(name), { ephemeral: true }, () =>
      rm(layout.bundle(name), { recursive: true, force: true }),
    );
  }
}

async function readEither(...paths: string[]): Promise<string> {
  for (const path of paths) {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }
  return '';
}
