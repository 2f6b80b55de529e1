import { access, constants, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'longshore-worker-';
/** Bytes of a parent that leave room for our folder and for the names of sockets in it. */
const LONGEST_PARENT = 44;
const NAME = new RegExp(`^${PREFIX}(\\d+)-`);

/**
 * Makes a folder for the sockets of this worker's engines, and removes those of workers that were killed. Its path is
 * short because a socket path may have about 100 bytes.
 * @param parent a folder that only workers of this machine use; when empty the system's temporary folder, or `/tmp` where
 *   that one is too long.
 */
export async function makeRunDirectory(parent: string): Promise<string> {
  const folder = parent === '' ? await temporaryFolder() : parent;
  await mkdir(folder, { recursive: true });
  await removeAbandoned(folder);
  return mkdtemp(join(folder, `${PREFIX}${process.pid}-`));
}

async function temporaryFolder(): Promise<string> {
  const given = tmpdir();
  if (Buffer.byteLength(given) <= LONGEST_PARENT) return given;
  return access('/tmp', constants.W_OK | constants.X_OK).then(
    () => '/tmp',
    () => given,
  );
}

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = NAME.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    // Another user's stays, as may one that another worker is about to remove.
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process answers EPERM.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
