import { createReadStream } from 'node:fs';
import type { ArtifactBlob } from '../package/artifact.js';
import { blobsOf, parseManifest } from '../formats/manifest.js';
import { hex } from '../store/store-layout.js';
import type { ModelStore } from '../store/model-store.js';
import { FormatError } from '../formats/format-error.js';
import { BLOCK, encodeTarHeader, paddingOf } from './tar-header.js';

export interface ExportModel {
  readonly store: ModelStore;
  readonly id: string;
  readonly signal?: AbortSignal;
}

export interface ExportedModel {
  /** Bytes of the whole archive. */
  readonly size: number;
  /** The archive, once. The model's files stay in the store until it has been read or given up. */
  readonly archive: AsyncIterable<Buffer>;
}

/** Two blocks of zeros end an archive. */
const END = Buffer.alloc(2 * BLOCK);
const FOLDERS = ['blobs', 'blobs/sha256'];

/**
 * Packs a stored model as a tar archive that {@link loadModel} and other Model Runners read: blobs first, its manifest
 * last. The same model gives the same bytes, whoever exports it.
 * @throws StoreError `not-found`; while it is read FormatError when a blob has become shorter, and the signal's reason.
 */
export async function exportModel({ store, id, signal }: ExportModel): Promise<ExportedModel> {
  const { manifest } = await store.artifact(id);
  const contents = [...blobsOf(parseManifest(manifest)).map(({ size }) => size), manifest.length];
  const headers = (FOLDERS.length + contents.length) * BLOCK;
  const size = contents.reduce((sum, bytes) => sum + bytes + paddingOf(bytes), headers + END.length);
  return { size, archive: holdingModel({ store, id, ...(signal && { signal }) }) };
}

/** Nothing is removed from the store between the first piece and the end, whatever makes it end. */
async function* holdingModel({ store, id, signal }: ExportModel): AsyncGenerator<Buffer> {
  const [held, done] = [signalled(), signalled()];
  const hold = store.holding(signal, async () => {
    held.fire();
    await done.promise;
  });
  try {
    await Promise.race([held.promise, hold]);
    const { blobs, manifest } = await store.artifact(id);
    yield* pack(blobs, manifest, signal);
  } finally {
    done.fire();
    await hold;
  }
}

async function* pack(
  [config, ...layers]: readonly ArtifactBlob[],
  manifest: Buffer,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  for (const path of FOLDERS) yield encodeTarHeader({ path, size: 0, type: '5' });
  for (const blob of config ? [...layers, config] : layers) yield* packBlob(blob, signal);
  yield encodeTarHeader({ path: 'manifest.json', size: manifest.length, type: '0' });
  yield manifest;
  yield Buffer.concat([Buffer.alloc(paddingOf(manifest.length)), END]);
}

async function* packBlob(
  { descriptor: { digest, size }, content }: ArtifactBlob,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  yield encodeTarHeader({ path: `blobs/sha256/${hex(digest)}`, size, type: '0' });
  let sent = 0;
  for await (const chunk of readBlob(content, size)) {
    signal?.throwIfAborted();
    sent += chunk.length;
    yield chunk;
  }
  // A header that promises more cannot be taken back.
  if (sent !== size) throw new FormatError(`its part ${digest} is not as long as its manifest says`);
  if (paddingOf(size) > 0) yield Buffer.alloc(paddingOf(size));
}

function readBlob(content: Buffer | string, size: number): AsyncIterable<Buffer> | Buffer[] {
  if (typeof content !== 'string') return [content];
  return size === 0 ? [] : createReadStream(content, { end: size - 1, highWaterMark: 1024 * 1024 });
}

function signalled(): { readonly promise: Promise<void>; readonly fire: () => void } {
  let fire = (): void => undefined;
  const promise = new Promise<void>((resolve) => (fire = resolve));
  return { promise, fire };
}
