import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Makes what was created, renamed or removed in a folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Creates a folder and those above it; they survive a power cut once this resolves. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let folder = path; folder !== dirname(first); folder = dirname(folder)) await syncFolder(folder);
  await syncFolder(dirname(first));
}

/** Ending of files that are being written; one that is old was left by a process that died. */
export const TEMPORARY_ENDING = '.tmp';

/**
 * Puts a small file in place whole: readers see the old content or the new, also after a crash. Its folder must be
 * there.
 * @param workshop folder on the same file system for the file while it is written.
 */
export async function writeFileDurably(
  path: string,
  content: Buffer | string,
  workshop: string,
): Promise<void> {
  const temporary = join(workshop, `${randomUUID()}${TEMPORARY_ENDING}`);
  try {
    const file = await open(temporary, 'wx', 0o644);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** What `task` resolves to; undefined when the file or folder it works on is not there. */
export async function ifPresent<T>(task: Promise<T>): Promise<T | undefined> {
  try {
    return await task;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

export function hasCode(error: unknown, ...codes: string[]): boolean {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
  );
}
