import { open, stat, unlink, type FileHandle } from 'node:fs/promises';
import { tryLock } from 'fs-native-extensions';
import { ifPresent } from './durable-files.js';
import { pause } from '../pause.js';

export interface LockOptions {
  /** Several holders at once, none of them exclusive. Never with `ephemeral`. */
  readonly shared?: boolean;
  /** The file goes away with the lock. */
  readonly ephemeral?: boolean;
  readonly signal?: AbortSignal;
  /** Called every time the lock was found taken. */
  readonly onWait?: () => Promise<void>;
}

/**
 * Time between two looks at a lock that is taken, ms: short at first, for locks held for moments, longer for those held
 * through a download. Waiting in the kernel would hold a thread of the pool.
 */
const FIRST_LOOK_MS = 1;
const LAST_LOOK_MS = 50;

/**
 * A lock between processes and within one. The kernel frees it when its holder dies, however that happens, so there
 * is no age, no heartbeat and nothing to clean up.
 */
export class FileLock {
  private constructor(
    private readonly file: FileHandle,
    private readonly path: string,
    private readonly ephemeral: boolean,
  ) {}

  /** Undefined when somebody else holds it. */
  static async tryAcquire(path: string, options: LockOptions = {}): Promise<FileLock | undefined> {
    for (;;) {
      const file = await open(path, 'a+', 0o644);
      let kept = false;
      try {
        if (!tryLock(file.fd, { shared: options.shared ?? false })) return undefined;
        if (await isStill(file, path)) {
          kept = true;
          return new FileLock(file, path, options.ephemeral ?? false);
        }
      } finally {
        if (!kept) await file.close();
      }
    }
  }

  /** Waits for as long as it takes. @throws the signal's reason */
  static async acquire(path: string, options: LockOptions = {}): Promise<FileLock> {
    for (let wait = FIRST_LOOK_MS; ; wait = Math.min(wait * 2, LAST_LOOK_MS)) {
      options.signal?.throwIfAborted();
      const lock = await FileLock.tryAcquire(path, options);
      if (lock) return lock;
      await options.onWait?.();
      await pause(wait, options.signal);
    }
  }

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

/** Runs `task` under a lock. */
export async function locked<T>(path: string, options: LockOptions, task: () => Promise<T>): Promise<T> {
  const lock = await FileLock.acquire(path, options);
  try {
    return await task();
  } finally {
    await lock.release();
  }
}
