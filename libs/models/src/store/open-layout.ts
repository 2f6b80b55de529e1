import { readFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../formats/json.js';
import { TEMPORARY_ENDING, hasCode, ifPresent, makeFolder, writeFileDurably } from './durable-files.js';
import { FileLock, locked } from './file-lock.js';
import { StoreError } from './store-error.js';
import { LAYOUT_VERSION, type StoreLayout } from './store-layout.js';

const TEMPORARY_AGE_MS = 60 * 60 * 1000;
const BLOB_LOCK = /^sha256-([0-9a-f]{64})$/;
const BUNDLE_LOCK = /^bundle-([0-9a-f]{64})$/;

/**
 * Makes a folder a store, or checks that it is one, and removes what processes that died have left.
 * @throws StoreError `unusable`
 */
export async function openLayout(layout: StoreLayout): Promise<void> {
  try {
    for (const folder of layout.folders) await makeFolder(folder);
    const text = await ifPresent(readFile(layout.layoutFile, 'utf8'));
    if (text === undefined) await writeLayoutFile(layout);
    else checkVersion(layout, text);
    // A file system without locks shows itself here and not in the middle of the first pull.
    await locked(layout.lock('names'), {}, () => Promise.resolve());
    await removeLeftovers(layout);
  } catch (error) {
    if (
      !hasCode(
        error,
        'EACCES',
        'EROFS',
        'ENOTDIR',
        'EEXIST',
        'ENOSPC',
        'ENOTSUP',
        'EOPNOTSUPP',
        'ENOSYS',
        'ENOLCK',
      )
    )
      throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new StoreError('unusable', `The model store ${layout.directory} cannot be used: ${why}.`, {
      cause: error,
    });
  }
}

async function writeLayoutFile(layout: StoreLayout): Promise<void> {
  await writeFileDurably(
    layout.layoutFile,
    `${JSON.stringify({ version: LAYOUT_VERSION })}\n`,
    layout.partial,
  );
}

function checkVersion(layout: StoreLayout, text: string): void {
  let version: unknown;
  try {
    const document: unknown = JSON.parse(text);
    version = isRecord(document) ? document['version'] : undefined;
  } catch {
    version = undefined;
  }
  if (typeof version === 'string' && /^1\.[1-9]\d*\./.test(version)) return;
  const found =
    typeof version === 'string' ? `of layout version ${version}` : 'without a readable layout version';
  throw new StoreError(
    'unusable',
    `The model store ${layout.directory} is ${found}; this program reads ${LAYOUT_VERSION}. Use an empty folder.`,
  );
}

/** Whatever can be locked belongs to nobody who is alive. */
async function removeLeftovers(layout: StoreLayout): Promise<void> {
  for (const file of await readdir(layout.locks)) {
    const name = file.replace(/\.lock$/, '');
    const blob = BLOB_LOCK.exec(name)?.[1];
    const bundle = BUNDLE_LOCK.exec(name)?.[1];
    if (blob === undefined && bundle === undefined) continue;
    const lock = await FileLock.tryAcquire(layout.lock(name), { ephemeral: true });
    if (!lock) continue;
    if (blob !== undefined) await rm(layout.partialBlob(blob), { force: true });
    if (bundle !== undefined) await rm(`${layout.bundle(bundle)}.building`, { recursive: true, force: true });
    await lock.release();
  }
  for (const file of await readdir(layout.partial)) {
    const path = join(layout.partial, file);
    const age = Date.now() - ((await ifPresent(stat(path)))?.mtimeMs ?? Date.now());
    if (file.endsWith(TEMPORARY_ENDING) && age > TEMPORARY_AGE_MS) await rm(path, { force: true });
  }
}
