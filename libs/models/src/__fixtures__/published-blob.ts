import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PulledModel } from '../pull-model.js';
import type { ModelStore } from '../store/model-store.js';
import { BlobTransfer } from '../transfer/blob-transfer.js';
import type { TransferSettings } from '../transfer/transfer-settings.js';
import { onBlob, rangeOf } from './misbehave.js';
import type { FrontExchange } from '#testing';
import { IMPATIENT, randomArtifact, type Workbench } from './workbench.js';

export const SEGMENT = 64 * 1024;
/** Not a multiple of a segment. */
export const SIZE = 16 * SEGMENT - 1000;
/** Where the segments begin. */
export const STARTS = Array.from({ length: 16 }, (_, index) => index * SEGMENT);

export function smallSegments(settings: Partial<TransferSettings> = {}): BlobTransfer {
  return new BlobTransfer({ segmentSize: SEGMENT, retry: IMPATIENT, ...settings });
}

/** A model of one large blob in a registry, and a store to pull it to. */
export interface PublishedBlob {
  /** Where the ranges began that were asked for; -1 for the whole. */
  readonly starts: number[];
  readonly store: ModelStore;
  readonly digest: string;
  readonly content: Buffer;
  /** Where the blob grows. */
  readonly partial: string;
  pull(transfer?: BlobTransfer, signal?: AbortSignal): Promise<PulledModel>;
}

let serial = 0;

/** Puts a model behind a front that `handle` speaks for when the blob is asked for. */
export async function publishBlob(
  bench: Workbench,
  handle: (exchange: FrontExchange, count: number) => void,
  size = SIZE,
): Promise<PublishedBlob> {
  serial += 1;
  const path = `transfer/model-${serial}:1`;
  const artifact = randomArtifact(size);
  await bench.push(artifact, path);
  const [, blob] = artifact.blobs;
  if (!Buffer.isBuffer(blob?.content)) throw new Error('the artifact has no layer');
  const { digest } = blob.descriptor;
  const starts: number[] = [];
  const front = await bench.front(
    onBlob(digest, (exchange, count) => {
      starts.push(rangeOf(exchange.request)?.start ?? -1);
      handle(exchange, count);
    }),
  );
  const store = await bench.store();
  return {
    starts,
    store,
    digest,
    content: blob.content,
    partial: join(store.directory, 'partial', digest.slice(7)),
    pull: (transfer = smallSegments(), signal?: AbortSignal) =>
      bench.pull(store, path, { host: front.host, transfer, ...(signal && { signal }) }),
  };
}

/** True when the blob lies in the store, right in every byte, and nothing is left of its way there. */
export async function isWhole({ store, content, digest }: PublishedBlob): Promise<boolean> {
  const bytes = await readFile(join(store.directory, 'blobs/sha256', digest.slice(7)));
  return bytes.equals(content) && (await leftovers(store)).length === 0;
}

export async function leftovers(store: ModelStore): Promise<string[]> {
  return readdir(join(store.directory, 'partial'));
}

export function sorted(numbers: readonly number[]): number[] {
  return [...numbers].sort((a, b) => a - b);
}
