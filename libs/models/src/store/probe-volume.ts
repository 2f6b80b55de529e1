import { randomUUID } from 'node:crypto';
import {
  constants,
  copyFile,
  link,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { tryLock } from 'fs-native-extensions';
import { hasCode } from './durable-files.js';
import { NO_LINK } from './place-file.js';

/** What a file system can do. */
export interface VolumeTraits {
  /** `kernel`: freed the moment a holder dies. `heartbeat`: some time later. */
  readonly locks: LockKind;
  /** Several names for the same bytes. */
  readonly hardLinks: boolean;
  /** Copies that share their blocks. */
  readonly reflinks: boolean;
  /** Holes in files take no room. */
  readonly sparseFiles: boolean;
  /** `a` and `A` are two files. */
  readonly caseSensitive: boolean;
}

export const LOCK_KINDS = ['kernel', 'heartbeat'] as const;
export type LockKind = (typeof LOCK_KINDS)[number];

/** Takes an exclusive lock on an open file; false when somebody has it. Throws where there are none. */
export type TryKernelLock = (descriptor: number) => boolean;

/** A hole this long shows whether a file system has them; bytes. */
const HOLE = 1024 * 1024;

/**
 * Tries out what a file system can do, in a folder of its own that is gone afterwards. Throws what the file system
 * throws when it cannot do what no store can do without: write, and rename over a file that is there.
 * @param workshop folder to try it in.
 */
export async function probeVolume(
  workshop: string,
  tryKernelLock: TryKernelLock = tryLock,
): Promise<VolumeTraits> {
  const folder = join(workshop, `probe-${randomUUID()}`);
  await mkdir(folder);
  try {
    const [file, other] = [join(folder, 'file'), join(folder, 'other')];
    await writeFile(file, 'new');
    await writeFile(other, 'old');
    await rename(file, other);
    if ((await readFile(other, 'utf8')) !== 'new') throw new RenameKeepsOld();
    return {
      locks: (await kernelLocksWork(other, tryKernelLock)) ? 'kernel' : 'heartbeat',
      hardLinks: await works(() => link(other, join(folder, 'link'))),
      reflinks: await works(() => copyFile(other, join(folder, 'clone'), constants.COPYFILE_FICLONE_FORCE)),
      sparseFiles: await makesHoles(join(folder, 'sparse')),
      caseSensitive: await works(() => stat(join(folder, 'OTHER')), ['ENOENT']).then((same) => !same),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export class RenameKeepsOld extends Error {
  override readonly name = 'RenameKeepsOld';

  constructor() {
    super('a file that is renamed over another does not replace it');
  }
}

/** Some file systems have no locks; on others every lock is granted, which is worse. */
async function kernelLocksWork(path: string, tryKernelLock: TryKernelLock): Promise<boolean> {
  const [first, second] = [await open(path, 'r+'), await open(path, 'r+')];
  try {
    return tryKernelLock(first.fd) && !tryKernelLock(second.fd);
  } catch (error) {
    if (hasCode(error, ...NO_LOCK)) return false;
    throw error;
  } finally {
    await first.close();
    await second.close();
  }
}

const NO_LOCK = ['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'ENOLCK', 'EINVAL', 'EPERM', 'EACCES'];

async function works(
  attempt: () => Promise<unknown>,
  expected: readonly string[] = NO_LINK,
): Promise<boolean> {
  try {
    await attempt();
    return true;
  } catch (error) {
    if (hasCode(error, ...expected)) return false;
    throw error;
  }
}

async function makesHoles(path: string): Promise<boolean> {
  const file = await open(path, 'wx');
  try {
    await file.truncate(HOLE);
    return (await file.stat()).blocks * 512 < HOLE;
  } finally {
    await file.close();
  }
}
