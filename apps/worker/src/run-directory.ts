import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'longshore-worker-';
const NAME = new RegExp(`^${PREFIX}(\\d+)-`);

/**
 * Makes a folder for the sockets of this worker's engines, and removes those of workers that were killed. Its path is
 * short because a socket path may have about 100 bytes.
 * @param parent a folder that only workers of this machine use; the system's temporary folder when empty.
 */
export async function makeRunDirectory(parent: string): Promise<string> {
  const folder = parent === '' ? tmpdir() : parent;
  await mkdir(folder, { recursive: true });
  await removeAbandoned(folder);
  return mkdtemp(join(folder, `${PREFIX}${process.pid}-`));
}

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = NAME.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    await rm(join(folder, name), { recursive: true, force: true });
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
