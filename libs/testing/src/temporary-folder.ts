import { accessSync, constants, rmSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './processes.js';

/** What leaves room, in the about 100 bytes of a socket's path, for the socket of an engine of a worker of a cluster. */
const LONGEST_ROOT = 14;

const open = new Set<string>();
let swept: Promise<void> | undefined;

/**
 * A folder of our own, with a short path so that unix sockets fit in it. Goes at the latest when this process exits;
 * what a killed process has left goes when the next one makes a folder.
 */
export interface TemporaryFolder {
  readonly path: string;
  /** Removes the folder and all in it. May be called again. */
  remove(): Promise<void>;
}

/** @param name part of the folder's own name, for whoever finds it left */
export async function makeTemporaryFolder(name = 'test'): Promise<TemporaryFolder> {
  await (swept ??= removeOrphans());
  const path = await mkdtemp(join(temporaryRoot(), `longshore-${name}-${process.pid}-`));
  if (open.size === 0) process.once('exit', removeAll);
  open.add(path);
  return {
    path,
    async remove() {
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
      open.delete(path);
      if (open.size === 0) process.removeListener('exit', removeAll);
    },
  };
}

/** The system's folder for the purpose, or `/tmp` where that has a short path and the other has none. */
function temporaryRoot(): string {
  const given = tmpdir();
  if (Buffer.byteLength(given) <= LONGEST_ROOT) return given;
  try {
    accessSync('/tmp', constants.W_OK | constants.X_OK);
    return '/tmp';
  } catch {
    return given;
  }
}

function removeAll(): void {
  for (const path of open) rmSync(path, { recursive: true, force: true });
}

/** Removes folders whose names tell of a process that has ended. */
async function removeOrphans(): Promise<void> {
  const root = temporaryRoot();
  for (const entry of await readdir(root)) {
    const owner = /^longshore-[a-z-]+-(\d+)-\w{6}$/.exec(entry)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    // Another process may be about the same; what stays in spite of it is not worth a failure.
    await rm(join(root, entry), { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
}
