import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ModelStore } from '#models';
import { readRange } from './byte-range.js';
import { type Exchange, sendBytes } from './send.js';
import type { ServedBlobs } from './served-blobs.js';
import { StoreFault } from './store-fault.js';

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const READ_BYTES = 1024 * 1024;

export async function serveManifest(exchange: Exchange, store: ModelStore, digest: string): Promise<void> {
  const { manifest } = await store.artifact(digest);
  const { request, response } = exchange;
  response.writeHead(200, {
    'content-type': MANIFEST_TYPE,
    'content-length': manifest.length,
    'docker-content-digest': digest,
  });
  if (request.method === 'HEAD') response.end();
  else await sendBytes(exchange, single(manifest), manifest.length);
}

/** Serves a blob or a range of it. Nothing is removed from the store meanwhile. */
export async function serveBlob(
  exchange: Exchange,
  { store, blobs }: { readonly store: ModelStore; readonly blobs: ServedBlobs },
  digest: string,
): Promise<void> {
  await store.holding(exchange.signal, async () => {
    const blob = await blobs.find(digest);
    const status = blob && (await stat(blob.path).catch(ifMissing));
    if (!status) throw new StoreFault(404, 'not-found', `There is no ${digest} in this store.`);
    if (status.size !== blob.size)
      throw new StoreFault(500, 'damaged', `The part ${digest} is damaged in this store.`);
    await sendFile(exchange, { path: blob.path, size: blob.size, digest });
  });
}

async function sendFile(
  exchange: Exchange,
  { path, size, digest }: { readonly path: string; readonly size: number; readonly digest: string },
): Promise<void> {
  const { request, response } = exchange;
  const common = { 'accept-ranges': 'bytes', 'docker-content-digest': digest };
  const range = readRange(request.headers.range, size);
  if (range === undefined) {
    response.writeHead(416, { ...common, 'content-range': `bytes */${size}`, 'content-length': 0 });
    response.end();
    return;
  }
  const { start, end } = range === 'whole' ? { start: 0, end: size } : range;
  response.writeHead(range === 'whole' ? 200 : 206, {
    ...common,
    'content-type': 'application/octet-stream',
    'content-length': end - start,
    ...(range !== 'whole' && { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
  });
  if (request.method === 'HEAD' || start === end) {
    response.end();
    return;
  }
  const bytes = createReadStream(path, { start, end: end - 1, highWaterMark: READ_BYTES });
  await sendBytes(exchange, bytes, end - start);
}

async function* single(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function ifMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
