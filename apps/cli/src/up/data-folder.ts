import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { LaunchProblem } from './launch-problem.js';

/** Where a cluster on this machine keeps everything. */
export interface DataFolder {
  readonly root: string;
  readonly models: string;
  readonly redis: string;
  readonly logs: string;
  /** Sockets; emptied at start and stop. Its path is short enough for that of Redis. */
  readonly run: string;
  readonly lockFile: string;
}

/** A unix socket's path may have 103 bytes on every system; the rest is for our own names below the run folder. */
const LONGEST_RUN_PATH = 60;

/** A worker makes a folder with its process id in here, and its engines sockets with theirs in that. */
const LONGEST_WORKER_RUN_PATH = 44;

export function planDataFolder(root: string, temporary: string): DataFolder {
  const full = resolve(root);
  const near = join(full, 'run');
  const digest = createHash('sha256').update(full).digest('hex').slice(0, 12);
  const places = [near, ...[temporary, '/tmp'].map((folder) => join(folder, `longshore-${digest}`))];
  const run = places.find((path) => Buffer.byteLength(path) <= LONGEST_RUN_PATH) ?? near;
  return {
    root: full,
    models: join(full, 'models'),
    redis: join(full, 'redis'),
    logs: join(full, 'logs'),
    run,
    lockFile: join(full, 'longshore.lock'),
  };
}

/**
 * Folder for the sockets of the engines of the `number`-th worker; undefined where its path would leave no room for
 * their names, so that the worker is to choose one itself.
 */
export function workerRunFolder({ run }: DataFolder, number: number): string | undefined {
  const path = join(run, `worker-${number}`);
  return Buffer.byteLength(path) <= LONGEST_WORKER_RUN_PATH ? path : undefined;
}

/** @throws LaunchProblem when the folder cannot be made or written to */
export function makeDataFolder(root: string): DataFolder {
  const folder = planDataFolder(root, tmpdir());
  makeFolders(folder);
  // Redis and workers say themselves what they cannot write to.
  for (const path of [folder.root, folder.logs]) requireWritable(path, folder.root);
  return folder;
}

function makeFolders(folder: DataFolder): void {
  try {
    for (const path of [folder.root, folder.models, folder.redis, folder.logs])
      mkdirSync(path, { recursive: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new LaunchProblem(
      `The data folder ${folder.root} cannot be made (${code}). Choose another: npm start -- --data DIR`,
    );
  }
}

/** Also root may not write everywhere, so that only writing tells. */
function requireWritable(path: string, root: string): void {
  const probe = join(path, `.probe-${process.pid}`);
  try {
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new LaunchProblem(
      `The data folder ${root} cannot be used: ${path} may not be written to (${code}). Choose another: npm start -- --data DIR`,
    );
  }
}
