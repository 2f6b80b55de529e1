import { randomBytes } from 'node:crypto';
import type { ProgressLine } from '#contracts';
import { FormatError } from '../formats/format-error.js';
import { MANIFEST_LIMIT, parseManifest } from '../formats/manifest.js';
import { planBundle } from '../formats/plan-bundle.js';
import { ProgressReporter } from '../pull-progress.js';
import type { ModelStore } from '../store/model-store.js';
import { StoreError } from '../store/store-error.js';
import type { StoredModel } from '../store/stored-model.js';
import { readTar, type TarEntry } from './read-tar.js';

export interface LoadModel {
  readonly store: ModelStore;
  /** A tar archive as `docker model package` sends it: `blobs/sha256/<hex>` and `manifest.json`, in any order. */
  readonly archive: AsyncIterable<Buffer>;
  /** Bytes of the archive, when they are known: what nobody needs is removed where it would not fit. */
  readonly size?: number;
  /** Aborting rejects with the signal's reason; blobs that are complete stay until the store is tidied. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: ProgressLine) => void;
}

const MANIFEST = 'manifest.json';
const FOLDERS = ['blobs', 'blobs/sha256'];
const BLOB = /^blobs\/sha256\/([0-9a-f]{64})$/;

/**
 * Brings a model out of an archive into a store, under no name. It appears only when all of it is there and every blob
 * has the digest it is named by; nothing is held in memory but the manifest.
 * @throws FormatError when the archive cannot be used; StoreError, `no-room` before a blob that does not fit; what the stream throws; the signal's reason.
 */
export async function loadModel({
  store,
  archive,
  size,
  signal,
  onProgress,
}: LoadModel): Promise<StoredModel> {
  if (size !== undefined) await makeRoom(store, size);
  return store.holding(signal, async () => {
    let manifest: Buffer | undefined;
    for await (const entry of readTar(archive)) {
      signal?.throwIfAborted();
      const digits = BLOB.exec(entry.path)?.[1];
      if (entry.folder) checkFolder(entry);
      else if (entry.path === MANIFEST) manifest = await readManifest(entry);
      else if (digits !== undefined) {
        await loadBlob(entry, `sha256:${digits}`, { store, signal, onProgress });
      } else throw new FormatError(`the archive holds "${entry.path}", which is no part of a model`);
    }
    if (!manifest) throw new FormatError('the archive holds no "manifest.json": it is not an exported model');
    return store.put({ manifest });
  });
}

/** Best effort: parts of the archive may be here already, so that it needs less. */
async function makeRoom(store: ModelStore, size: number): Promise<void> {
  try {
    const room = await store.reserve([{ digest: `sha256:${randomBytes(32).toString('hex')}`, size }]);
    await room.release();
  } catch (error) {
    if (!(error instanceof StoreError) || error.reason !== 'no-room') throw error;
  }
}

function checkFolder({ path }: TarEntry): void {
  if (!FOLDERS.includes(path))
    throw new FormatError(`the archive holds the folder "${path}", which is no part of a model`);
}

async function readManifest({ content, size }: TarEntry): Promise<Buffer> {
  if (size > MANIFEST_LIMIT) throw new FormatError(`the manifest is longer than ${MANIFEST_LIMIT} bytes`);
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  // Refused now, before whatever follows is written.
  planBundle(parseManifest(bytes));
  return bytes;
}

interface BlobTarget {
  readonly store: ModelStore;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((line: ProgressLine) => void) | undefined;
}

async function loadBlob(entry: TarEntry, digest: string, target: BlobTarget): Promise<void> {
  const { store, signal, onProgress } = target;
  const blob = { mediaType: 'application/octet-stream', digest, size: entry.size, annotations: {} };
  const reporter = new ProgressReporter({
    total: entry.size,
    emit: onProgress ?? ((): void => undefined),
    now: () => performance.now(),
    verb: 'Transferred',
  });
  const room = await store.reserveAsIs([blob]);
  try {
    await store.deliver({
      blob,
      open: () => Promise.resolve(entry.content),
      ...(signal && { signal }),
      onProgress: (bytes) => reporter.report(blob, bytes),
    });
  } finally {
    await room.release();
  }
}
