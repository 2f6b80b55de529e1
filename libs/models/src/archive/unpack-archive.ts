import { createReadStream } from 'node:fs';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { FormatError } from '../formats/format-error.js';
import { readTar, type TarEntry } from './read-tar.js';

export interface UnpackArchive {
  /** Path of the archive. */
  readonly archive: string;
  /** Bytes of the archive. */
  readonly size: number;
  readonly gzip: boolean;
  /** An existing folder; nothing is written outside it, and nothing in it is overwritten. */
  readonly folder: string;
}

/** Compressed archives that grow by more are made to fill a disk; weights hardly shrink at all. */
const GROWTH_LIMIT = 100;
/** What small ones may always grow to; bytes. */
const SMALL_LIMIT = 64 * 1024 * 1024;

/**
 * Unpacks a tar archive that came from outside. What was written when it fails is left for the caller to remove.
 * @throws FormatError saying what is wrong with the archive; file system errors as they are.
 */
export async function unpackArchive({ archive, size, gzip, folder }: UnpackArchive): Promise<void> {
  const file = createReadStream(archive, { highWaterMark: 1024 * 1024 });
  const source: AsyncIterable<Buffer> = gzip
    ? gunzip(file, Math.max(SMALL_LIMIT, size * GROWTH_LIMIT))
    : file;
  try {
    await unpackTar(source, folder);
  } finally {
    file.destroy();
  }
}

/** Unpacks an archive as it comes, into a folder as {@link unpackArchive} wants it. @throws FormatError */
export async function unpackTar(source: AsyncIterable<Buffer>, folder: string): Promise<void> {
  for await (const entry of readTar(source)) await unpackEntry(entry, join(folder, entry.path));
}

/** No entry can be a link, so a checked path below the folder cannot lead out of it. */
async function unpackEntry(entry: TarEntry, target: string): Promise<void> {
  try {
    await mkdir(entry.folder ? target : dirname(target), { recursive: true });
    if (entry.folder) return;
    const file = await open(target, 'wx', 0o444);
    try {
      await writeFile(file, entry.content);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!isTaken(error)) throw error;
    throw new FormatError(`its archive entry "${entry.path}" is in the way of another file`, {
      cause: error,
    });
  }
}

function isTaken(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['EEXIST', 'ENOTDIR', 'EISDIR'].includes(String(error.code))
  );
}

async function* gunzip(file: NodeJS.ReadableStream, limit: number): AsyncGenerator<Buffer> {
  const plain = createGunzip();
  file.on('error', (error) => plain.destroy(error));
  file.pipe(plain);
  let length = 0;
  try {
    for await (const chunk of plain as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > limit)
        throw new FormatError(`its compressed archive unpacks to more than ${GROWTH_LIMIT} times its size`);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))
      throw new FormatError('its compressed archive is damaged', { cause: error });
    throw error;
  } finally {
    plain.destroy();
  }
}
