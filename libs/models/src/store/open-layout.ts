import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm } from 'node:fs/promises';
import { isRecord } from '../formats/json.js';
import { hasCode, ifPresent, makeFolder, syncFolder, writeFileDurably } from './durable-files.js';
import { HeartbeatLocks } from './heartbeat-locks.js';
import { KernelLocks } from './kernel-locks.js';
import type { Locks } from './locks.js';
import { NO_LINK } from './place-file.js';
import { LOCK_KINDS, RenameKeepsOld, probeVolume, type LockKind } from './probe-volume.js';
import { StoreError } from './store-error.js';
import { LAYOUT_VERSION, StoreLayout } from './store-layout.js';
import { freeBytesOf, type Volume } from './volume.js';

export interface StoreOptions {
  /** Bytes the store may take; 0 = as much as the disk has. */
  readonly quota?: number;
  /** Free bytes of the disk. What the file system says unless given. */
  readonly freeBytes?: () => Promise<number | undefined>;
  /** What the file system can do. Found out unless given. */
  readonly probe?: typeof probeVolume;
}

/** What a folder that is not usable makes the file system say. */
const UNUSABLE = [
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EEXIST',
  'ENOSPC',
  'EDQUOT',
  'ENOENT',
  'ELOOP',
  'EIO',
];

/**
 * Makes a folder a store, or checks that it is one, and finds out what its file system can do. All who use it lock in
 * the way that the first of them wrote down.
 * @throws StoreError `unusable`
 */
export async function openLayout(directory: string, options: StoreOptions = {}): Promise<Volume> {
  try {
    return await open(directory, options);
  } catch (error) {
    if (!hasCode(error, ...UNUSABLE) && !(error instanceof RenameKeepsOld)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new StoreError('unusable', `The model store ${directory} cannot be used: ${why}.`, {
      cause: error,
    });
  }
}

async function open(directory: string, options: StoreOptions): Promise<Volume> {
  // First of all, because a folder of somebody else gets nothing from us.
  await readLayoutFile(directory);
  for (const folder of new StoreLayout(directory).folders) await makeFolder(folder);
  const traits = await (options.probe ?? probeVolume)(new StoreLayout(directory).partial);
  const layout = new StoreLayout(directory, traits.caseSensitive);
  await writeLayoutFile(layout, traits.locks);
  const agreed = (await readLayoutFile(directory)) ?? traits.locks;
  if (agreed === 'kernel' && traits.locks !== 'kernel') {
    throw new StoreError(
      'unusable',
      `The model store ${directory} is used with the locks of the kernel, and its file system has none here. Mount it so that it has, or use another folder.`,
    );
  }
  return {
    layout,
    id: await readId(layout),
    locks: createLocks(agreed, layout),
    traits: { ...traits, locks: agreed },
    quota: options.quota ?? 0,
    freeBytes: options.freeBytes ?? (() => freeBytesOf(directory)),
  };
}

function createLocks(kind: LockKind, { locks }: StoreLayout): Locks {
  return kind === 'kernel' ? new KernelLocks(locks) : new HeartbeatLocks(locks);
}

/** Of two processes that open a new store, one decides how it is locked. */
async function writeLayoutFile(layout: StoreLayout, locks: LockKind): Promise<void> {
  const content = `${JSON.stringify({ version: LAYOUT_VERSION, locks })}\n`;
  await writeUnlessPresent(layout, layout.layoutFile, content);
}

async function readId(layout: StoreLayout): Promise<string> {
  await writeUnlessPresent(layout, layout.idFile, `${randomUUID()}\n`);
  return (await readFile(layout.idFile, 'utf8')).trim();
}

/** Whoever comes first decides what is in the file. */
async function writeUnlessPresent(layout: StoreLayout, path: string, content: string): Promise<void> {
  if ((await ifPresent(readFile(path))) !== undefined) return;
  const draft = `${path}.${randomUUID()}.tmp`;
  await writeFileDurably(draft, content, layout.partial);
  try {
    await link(draft, path);
    await syncFolder(layout.directory);
  } catch (error) {
    if (hasCode(error, ...NO_LINK)) await rename(draft, path);
    else if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** How the store is locked; undefined when there is no store yet. @throws StoreError for a store of another kind. */
async function readLayoutFile(directory: string): Promise<LockKind | undefined> {
  const text = await ifPresent(readFile(new StoreLayout(directory).layoutFile, 'utf8'));
  if (text === undefined) return undefined;
  const document = parse(text);
  const version = document['version'];
  if (typeof version !== 'string' || !/^1\.[1-9]\d*\./.test(version)) throw foreign(directory, version);
  const locks = document['locks'];
  if (locks === undefined) return 'kernel';
  const kind = LOCK_KINDS.find((known) => known === locks);
  if (kind === undefined) {
    throw new StoreError(
      'unusable',
      `The model store ${directory} is locked in a way that this program does not know. Use a newer release.`,
    );
  }
  return kind;
}

function parse(text: string): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(text);
    return isRecord(document) ? document : {};
  } catch {
    return {};
  }
}

function foreign(directory: string, version: unknown): StoreError {
  const found =
    typeof version === 'string' ? `of layout version ${version}` : 'without a readable layout version';
  const advice =
    version === '1.0.0'
      ? 'It belongs to Docker Model Runner: use an empty folder, and name this one in LONGSHORE_IMPORT_STORE to take its models over.'
      : 'Use an empty folder.';
  return new StoreError(
    'unusable',
    `The model store ${directory} is ${found}; this program reads ${LAYOUT_VERSION}. ${advice}`,
  );
}
