import { createHash } from 'node:crypto';
import { chmod, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Descriptor } from '../formats/manifest.js';
import { ifPresent, syncFolder } from './durable-files.js';
import { allocatedBytes } from './file-sizes.js';
import { checkFree } from './room.js';
import { StoreError, explainingFullDisk } from './store-error.js';
import { LOCKS, type PartialPlace, type StoreLayout } from './store-layout.js';
import type { Volume } from './volume.js';

export interface BlobArrival {
  readonly blob: Descriptor;
  readonly signal?: AbortSignal;
  /** Bytes that are on disk so far, while another process is the one that fetches. */
  readonly onProgress?: (bytes: number) => void;
  /**
   * Makes `place.data` the whole blob and checks its digest. Only one caller at a time has a place; what an earlier one
   * left may be in it. When it throws, what it leaves there stays for the next one, until it is old. The signal says to
   * stop: it is the caller's, or the disk is about to be full.
   */
  readonly receive: (place: PartialPlace, signal: AbortSignal) => Promise<void>;
}

/**
 * Brings one blob into the store, unless it is there. Only one process at a time fetches a blob; the others wait for
 * it. A blob is in place only when its bytes have reached the disk.
 * @returns false when the blob was there already, or another process has fetched it meanwhile.
 * @throws StoreError `no-room`; what `receive` throws; the signal's reason.
 */
export async function receiveBlob(volume: Volume, arrival: BlobArrival): Promise<boolean> {
  const { layout } = volume;
  const { blob } = arrival;
  return unlessPresent(volume, arrival, async () => {
    const check = async (): Promise<void> => checkFree(volume, blob.size - (await partialSize(layout, blob)));
    await check();
    await watching(check, arrival.signal, (signal) =>
      arrival.receive(layout.partialPlace(blob.digest), signal),
    );
    await publish(layout, blob);
  });
}

/** Time between two looks at the free space of the disk while a blob arrives; ms. */
const LOOK_MS = 500;

/** Runs `task`, and stops it when `check` finds fault. @throws what `check` throws; what `task` throws */
async function watching(
  check: () => Promise<void>,
  signal: AbortSignal | undefined,
  task: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const look = (): void => void check().catch((error: unknown) => stop.abort(error));
  const timer = setInterval(look, LOOK_MS);
  try {
    await task(signal ? AbortSignal.any([signal, stop.signal]) : stop.signal);
  } catch (error) {
    signal?.throwIfAborted();
    stop.signal.throwIfAborted();
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/** Runs `bring` with the lock of the blob when it is missing. */
export async function unlessPresent(
  { layout, locks }: Volume,
  { blob, signal, onProgress }: Omit<BlobArrival, 'receive'>,
  bring: () => Promise<void>,
): Promise<boolean> {
  return explainingFullDisk(layout.directory, async () => {
    if (await hasBlob(layout, blob)) return false;
    const options = {
      ephemeral: true,
      ...(signal && { signal }),
      onWait: async () => onProgress?.(await partialSize(layout, blob)),
    };
    return locks.during(LOCKS.blob(blob.digest), options, async () => {
      if (await hasBlob(layout, blob)) {
        onProgress?.(blob.size);
        return false;
      }
      await bring();
      return true;
    });
  });
}

/** True when the blob is in place. Size is a cheap check against a file system that lost bytes. */
export async function hasBlob(layout: StoreLayout, blob: Descriptor): Promise<boolean> {
  return (await ifPresent(stat(layout.blob(blob.digest))))?.size === blob.size;
}

/** Bytes of a blob that have come so far. A file with holes counts without them. */
async function partialSize(layout: StoreLayout, blob: Descriptor): Promise<number> {
  const status = await ifPresent(stat(layout.partialPlace(blob.digest).data));
  return status ? Math.min(allocatedBytes(status), blob.size) : 0;
}

/** Puts what is whole and verified in its place. With the lock of the blob. */
export async function publish(layout: StoreLayout, blob: Descriptor): Promise<void> {
  const { data, record } = layout.partialPlace(blob.digest);
  const file = await open(data, 'r+');
  try {
    if ((await file.stat()).size !== blob.size) throw new Error(`${data} has not the size of its blob`);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(data, 0o444);
  await rename(data, layout.blob(blob.digest));
  await syncFolder(dirname(layout.blob(blob.digest)));
  await rm(record, { force: true });
}

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

/** Brings in a blob that comes in order; see {@link receiveBlob}. @throws StoreError `mismatch` too; what `open` and `onBroken` throw */
export async function deliverBlob(volume: Volume, delivery: BlobDelivery): Promise<boolean> {
  const { blob, signal, onProgress } = delivery;
  return receiveBlob(volume, {
    blob,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
    receive: async ({ data, record }, stop) => {
      await rm(record, { force: true });
      const file = await open(data, 'w', 0o644);
      try {
        await writeVerified(file, { ...delivery, signal: stop });
      } catch (error) {
        await rm(data, { force: true });
        throw error;
      } finally {
        await file.close();
      }
    },
  });
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
class StreamEnded extends Error {
  override readonly name = 'StreamEnded';

  constructor() {
    super('the stream ended too early');
  }
}
