import { createHash } from 'node:crypto';
import { chmod, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Descriptor } from '../formats/manifest.js';
import { ifPresent, syncFolder } from './durable-files.js';
import { FileLock } from './file-lock.js';
import { StoreError } from './store-error.js';
import type { StoreLayout } from './store-layout.js';

/** Gives the bytes of a blob from `offset` on. */
export type OpenAt = (offset: number) => Promise<AsyncIterable<Buffer>>;

/** Decides about a broken stream: resolve to go on from where it broke, throw to give up. */
export type OnBroken = (error: unknown, written: number) => Promise<void>;

export interface BlobDelivery {
  readonly blob: Descriptor;
  readonly open: OpenAt;
  readonly onBroken?: OnBroken;
  readonly signal?: AbortSignal;
  /** Bytes that are on disk so far, also while another process is the one that fetches. */
  readonly onProgress?: (bytes: number) => void;
}

/**
 * Brings one blob into the store, unless it is there. Only one process at a time fetches a blob; the others wait for
 * it. A blob is in place only when its size and SHA-256 are right and its bytes have reached the disk.
 * @returns false when the blob was there already, or another process has fetched it meanwhile.
 * @throws StoreError `mismatch`; what `open` and `onBroken` throw; the signal's reason.
 */
export async function deliverBlob(layout: StoreLayout, delivery: BlobDelivery): Promise<boolean> {
  const { blob, signal, onProgress } = delivery;
  if (await hasBlob(layout, blob)) return false;
  const lock = await FileLock.acquire(layout.lock(blob.digest.replace(':', '-')), {
    ephemeral: true,
    ...(signal && { signal }),
    onWait: async () => onProgress?.(await partialSize(layout, blob)),
  });
  try {
    if (await hasBlob(layout, blob)) {
      onProgress?.(blob.size);
      return false;
    }
    await receive(layout, delivery);
    return true;
  } finally {
    await lock.release();
  }
}

/** True when the blob is in place. Size is a cheap check against a file system that lost bytes. */
export async function hasBlob(layout: StoreLayout, blob: Descriptor): Promise<boolean> {
  return (await ifPresent(stat(layout.blob(blob.digest))))?.size === blob.size;
}

async function partialSize(layout: StoreLayout, blob: Descriptor): Promise<number> {
  return Math.min((await ifPresent(stat(layout.partialBlob(blob.digest))))?.size ?? 0, blob.size);
}

async function receive(layout: StoreLayout, delivery: BlobDelivery): Promise<void> {
  const { blob } = delivery;
  const partial = layout.partialBlob(blob.digest);
  const file = await open(partial, 'w', 0o644);
  try {
    try {
      await writeVerified(file, delivery);
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(partial, 0o444);
    await rename(partial, layout.blob(blob.digest));
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await syncFolder(dirname(layout.blob(blob.digest)));
}

async function writeVerified(file: FileHandle, delivery: BlobDelivery): Promise<void> {
  const { blob, signal } = delivery;
  const hash = createHash('sha256');
  let written = 0;
  const take = async (chunk: Buffer): Promise<void> => {
    signal?.throwIfAborted();
    if (written + chunk.length > blob.size) {
      throw new StoreError(
        'mismatch',
        `A part of the model (${blob.digest}) is longer than its manifest says.`,
      );
    }
    hash.update(chunk);
    for (let done = 0; done < chunk.length;) {
      done += (await file.write(chunk, done, chunk.length - done)).bytesWritten;
    }
    written += chunk.length;
    delivery.onProgress?.(written);
  };
  while (written < blob.size) {
    try {
      for await (const chunk of await delivery.open(written)) await take(chunk);
      if (written < blob.size) throw new StreamEnded();
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof StoreError || !delivery.onBroken) throw error;
      await delivery.onBroken(error, written);
    }
  }
  if (`sha256:${hash.digest('hex')}` !== blob.digest) {
    throw new StoreError(
      'mismatch',
      `A part of the model arrived damaged: its digest is not ${blob.digest}.`,
    );
  }
}

/** A stream that ended in good order before all bytes had come. */
export class StreamEnded extends Error {
  override readonly name = 'StreamEnded';

  constructor() {
    super('the stream ended too early');
  }
}
