import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { FILE_PATH_ANNOTATION } from '../formats/media-types.js';
import type { ArtifactBlob } from './artifact.js';

export interface DescribeFile {
  /** Path on this machine. */
  readonly file: string;
  readonly mediaType: string;
  /** Where the file lies in the model's folder, when the artifact says so. */
  readonly path?: string;
  readonly signal?: AbortSignal;
}

const CHUNK = 1024 * 1024;

/** Reads a file once, in pieces, for its digest and size. @throws the signal's reason; file system errors as they are. */
export async function describeFile({ file, mediaType, path, signal }: DescribeFile): Promise<ArtifactBlob> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>) {
    signal?.throwIfAborted();
    hash.update(chunk);
    size += chunk.length;
  }
  const annotations: Record<string, string> = path === undefined ? {} : { [FILE_PATH_ANNOTATION]: path };
  return {
    descriptor: { mediaType, digest: `sha256:${hash.digest('hex')}`, size, annotations },
    content: file,
  };
}
