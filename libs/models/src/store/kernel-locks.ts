import { open, readdir, stat, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { tryLock } from 'fs-native-extensions';
import { ifPresent } from './durable-files.js';
import { Locks, namesWithEnding, type Lock, type LockOptions } from './locks.js';

/**
 * Locks of the kernel, on files `<name>.lock`. The kernel frees one when its holder dies, so there is no age and no
 * heartbeat.
 */
export class KernelLocks extends Locks {
  constructor(private readonly directory: string) {
    super();
  }

  override async tryAcquire(name: string, options: LockOptions = {}): Promise<Lock | undefined> {
    const path = this.pathOf(name);
    for (;;) {
      const file = await open(path, 'a+', 0o644);
      let kept = false;
      try {
        if (!tryLock(file.fd, { shared: options.shared ?? false })) return undefined;
        if (await isStill(file, path)) {
          kept = true;
          return new KernelLock(file, path, options.ephemeral ?? false);
        }
      } finally {
        if (!kept) await file.close();
      }
    }
  }

  override async isHeld(name: string): Promise<boolean> {
    const file = await ifPresent(open(this.pathOf(name), 'r+'));
    if (!file) return false;
    try {
      return !tryLock(file.fd);
    } finally {
      await file.close();
    }
  }

  override async list(): Promise<string[]> {
    return namesWithEnding(await readdir(this.directory), ENDING);
  }

  private pathOf(name: string): string {
    return join(this.directory, `${name}${ENDING}`);
  }
}

const ENDING = '.lock';

class KernelLock implements Lock {
  constructor(
    private readonly file: FileHandle,
    private readonly path: string,
    private readonly ephemeral: boolean,
  ) {}

  async release(): Promise<void> {
    if (this.ephemeral) await ifPresent(unlink(this.path));
    await this.file.close();
  }
}

/** False when a former holder removed the file between our opening and our locking it. */
async function isStill(file: FileHandle, path: string): Promise<boolean> {
  const [ours, current] = [await file.stat(), await ifPresent(stat(path))];
  return current !== undefined && current.ino === ours.ino && current.dev === ours.dev;
}
