import { isRecord } from '../../formats/json.js';

/** One file of a repository at one commit, as the Hub lists it. */
export interface HubFile {
  /** Relative to the repository; comes from a stranger and was not checked. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** `sha256:` + 64 hex of a file in large-file storage; absent for a small one. */
  readonly digest?: string;
  /** 40 hex: git's own name for a small file's bytes. */
  readonly gitObject: string;
}

const SHA256 = /^[0-9a-f]{64}$/;
const SHA1 = /^[0-9a-f]{40}$/;

/** Reads an entry of a listing; undefined for a folder and for anything that is not a file's description. */
export function readHubFile(entry: unknown): HubFile | undefined {
  if (!isRecord(entry) || entry['type'] !== 'file') return undefined;
  const { path, size, oid, lfs } = entry;
  if (typeof path !== 'string' || !isSize(size) || typeof oid !== 'string' || !SHA1.test(oid))
    return undefined;
  if (lfs === undefined || lfs === null) return { path, size, gitObject: oid };
  if (!isRecord(lfs) || typeof lfs['oid'] !== 'string' || !SHA256.test(lfs['oid'])) return undefined;
  const stored = lfs['size'] ?? size;
  return isSize(stored) ? { path, size: stored, gitObject: oid, digest: `sha256:${lfs['oid']}` } : undefined;
}

/** The folder, empty for the repository itself. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** The last part of the path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Orders files by path, the same on every machine. */
export function byPath(a: HubFile, b: HubFile): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
