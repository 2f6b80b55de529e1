import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ArtifactBlob } from '../package/artifact.js';
import type { RegistryWriter, WriteAnswer } from './registry-writer.js';
import { TransientFailure } from './retry.js';
import { SourceError } from './source-error.js';

export interface UploadBlob {
  readonly writer: RegistryWriter;
  readonly blob: ArtifactBlob;
  /** Repositories of the same registry that may have the blob. */
  readonly mountFrom: readonly string[];
  /** Most bytes of one request; the whole blob when absent. */
  readonly chunkSize?: number;
  /** Bytes that were sent so far; goes back when a part has to be sent again. */
  readonly onProgress: (bytes: number) => void;
}

/** Pieces for registries that do not take the blob as a whole; bytes. */
const FALLBACK_CHUNK = 64 * 1024 * 1024;
const READ_BYTES = 1024 * 1024;
/** How often an upload is taken up again without having got further. */
const RESUMES = 3;
const TOO_LARGE = 413;
const CREATED = 201;
const ACCEPTED = 202;
const NO_CONTENT = 204;

/**
 * Tries once to bring a blob into a repository: not at all when it is there, by a mount when another repository of the
 * registry has it, else as one request or, where the caller or the registry wants it, in pieces.
 * @throws TransientFailure when another try may help; SourceError; the signal's reason.
 */
export async function uploadBlob(upload: UploadBlob): Promise<void> {
  if (await isThere(upload)) return;
  await checkContent(upload.blob);
  const session = await startUpload(upload);
  if (session === 'mounted') return;
  if (upload.chunkSize !== undefined) return sendInPieces(upload, session, upload.chunkSize);
  const answer = await sendWhole(upload, session);
  if (answer.status === CREATED) return;
  const again = await startUpload({ ...upload, mountFrom: [] });
  if (again !== 'mounted') await sendInPieces(upload, again, FALLBACK_CHUNK);
}

async function isThere({ writer, blob }: UploadBlob): Promise<boolean> {
  const target = `blobs/${blob.descriptor.digest}`;
  return (await writer.send({ method: 'HEAD', target }, [200, 404])).status === 200;
}

/** A body that ends too early looks like a broken connection. */
async function checkContent({ content, descriptor }: ArtifactBlob): Promise<void> {
  if (typeof content !== 'string') return;
  const size = await stat(content).then(
    (status) => status.size,
    () => undefined,
  );
  if (size === descriptor.size) return;
  const state = size === undefined ? 'cannot be read' : 'has another size than it should';
  throw new SourceError('failed', `A part of the model cannot be sent: ${content} ${state}.`);
}

/** Where the bytes go, or that none are wanted. An answer also means that the upload is authorized. */
async function startUpload({ writer, blob, mountFrom }: UploadBlob): Promise<WriteAnswer | 'mounted'> {
  const empty = { method: 'POST', headers: { 'content-length': '0' }, body: Buffer.alloc(0) } as const;
  for (const from of mountFrom) {
    const query = new URLSearchParams({ mount: blob.descriptor.digest, from });
    try {
      const target = `blobs/uploads/?${query.toString()}`;
      const answer = await writer.send({ ...empty, target, alsoPull: from }, [CREATED, ACCEPTED]);
      if (answer.status === CREATED) return 'mounted';
      await cancelUpload(writer, answer);
    } catch (error) {
      // Not being let into the other repository says nothing about this one.
      if (!(error instanceof SourceError)) throw error;
    }
  }
  return writer.send({ ...empty, target: 'blobs/uploads/' }, [ACCEPTED]);
}

async function sendWhole(
  { writer, blob, onProgress }: UploadBlob,
  session: WriteAnswer,
): Promise<WriteAnswer> {
  const { digest, size } = blob.descriptor;
  const body = readBlob(blob, { start: 0, end: size }, onProgress);
  try {
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(size) };
    const target = uploadTarget(session, digest);
    return await writer.send({ method: 'PUT', target, headers, body }, [CREATED, TOO_LARGE]);
  } finally {
    body.destroy();
  }
}

async function sendInPieces(upload: UploadBlob, first: WriteAnswer, wanted: number): Promise<void> {
  const { writer, blob } = upload;
  const { digest, size } = blob.descriptor;
  const smallest = Number(first.headers['oci-chunk-min-length']);
  const step = Number.isSafeInteger(smallest) && smallest > wanted ? smallest : wanted;
  let session = first;
  let [offset, resumes] = [0, 0];
  while (offset < size) {
    const end = Math.min(offset + step, size);
    try {
      session = await sendPiece(upload, session, { start: offset, end });
      [offset, resumes] = [end, 0];
    } catch (error) {
      if (!(error instanceof TransientFailure) || (resumes += 1) > RESUMES) throw error;
      session = await askProgress(upload, session, error);
      offset = receivedBytes(session, offset);
    }
  }
  const target = uploadTarget(session, digest);
  const headers = { 'content-length': '0' };
  await writer.send({ method: 'PUT', target, headers, body: Buffer.alloc(0) }, [CREATED]);
}

async function sendPiece(
  { writer, blob, onProgress }: UploadBlob,
  session: WriteAnswer,
  part: BlobPart,
): Promise<WriteAnswer> {
  const body = readBlob(blob, part, onProgress);
  const headers = {
    'content-type': 'application/octet-stream',
    'content-length': String(part.end - part.start),
    'content-range': `${part.start}-${part.end - 1}`,
  };
  try {
    return await writer.send({ method: 'PATCH', target: uploadTarget(session), headers, body }, [ACCEPTED]);
  } finally {
    body.destroy();
  }
}

/** Asks a registry how far an upload got that broke. One that has lost it wants the blob from its beginning. */
async function askProgress(
  { writer }: UploadBlob,
  session: WriteAnswer,
  failure: TransientFailure,
): Promise<WriteAnswer> {
  try {
    const answer = await writer.send({ method: 'GET', target: uploadTarget(session) }, [NO_CONTENT]);
    return answer.headers['location'] === undefined
      ? { ...session, headers: { ...session.headers, ...answer.headers } }
      : answer;
  } catch (error) {
    throw error instanceof SourceError && error.failure === 'failed' ? failure : error;
  }
}

/** `Range: 0-99` means 100 bytes; `0-0` is what registries say of none. */
function receivedBytes(session: WriteAnswer, sent: number): number {
  const last = Number(/^(?:bytes=)?0-(\d+)$/.exec(session.headers['range'] ?? '')?.[1] ?? Number.NaN);
  if (last === 0) return 0;
  return Number.isSafeInteger(last) ? last + 1 : sent;
}

async function cancelUpload(writer: RegistryWriter, session: WriteAnswer): Promise<void> {
  const done = [NO_CONTENT, 200, ACCEPTED, 404, 405, 400];
  await writer.send({ method: 'DELETE', target: uploadTarget(session) }, done).catch((error: unknown) => {
    writer.signal?.throwIfAborted();
    if (!(error instanceof SourceError || error instanceof TransientFailure)) throw error;
  });
}

/** Bytes of a blob from `start` up to, not with, `end`. */
interface BlobPart {
  readonly start: number;
  readonly end: number;
}

function readBlob(
  { content }: ArtifactBlob,
  { start, end }: BlobPart,
  onProgress: (bytes: number) => void,
): Readable {
  const chunks =
    typeof content !== 'string'
      ? [content.subarray(start, end)]
      : end === start
        ? []
        : createReadStream(content, { start, end: end - 1, highWaterMark: READ_BYTES });
  return Readable.from(counted(chunks, start, onProgress), { objectMode: false });
}

async function* counted(
  chunks: AsyncIterable<Buffer> | Iterable<Buffer>,
  start: number,
  onProgress: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  let sent = start;
  for await (const chunk of chunks) {
    yield chunk;
    sent += chunk.length;
    onProgress(sent);
  }
}

/** Where a registry wants the next bytes: relative or absolute, with or without state in the query. */
function uploadTarget({ headers, url }: WriteAnswer, digest?: string): URL {
  const location = headers['location'];
  if (location === undefined || !URL.canParse(location, url.href)) {
    throw new SourceError('failed', `${url.host} does not say where an upload goes.`);
  }
  const target = new URL(location, url);
  if (url.protocol === 'https:' && target.protocol !== 'https:') {
    throw new SourceError('failed', `${url.host} wants an upload over plain HTTP, which was refused.`);
  }
  if (digest !== undefined) target.searchParams.set('digest', digest);
  return target;
}
