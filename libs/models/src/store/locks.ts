import { pause } from '../pause.js';

export interface LockOptions {
  /** Several holders at once, none of them exclusive. Never with `ephemeral`. */
  readonly shared?: boolean;
  /** What stands for the lock on the disk goes away with it. */
  readonly ephemeral?: boolean;
}

export interface WaitOptions extends LockOptions {
  readonly signal?: AbortSignal;
  /** Called every time the lock was found taken. */
  readonly onWait?: () => Promise<void>;
}

export interface Lock {
  release(): Promise<void>;
}

/**
 * Locks between processes and within one, by name. A lock ends with its holder, however that ends: at once where the
 * kernel keeps it, after a bound where it has to be kept alive. Nothing has to be cleaned up after a dead holder.
 */
export abstract class Locks {
  /** Undefined when somebody else holds it, or seems to: try again. */
  abstract tryAcquire(name: string, options?: LockOptions): Promise<Lock | undefined>;

  /** True when somebody holds it. Takes no room on the disk, so that it works when that is full. */
  abstract isHeld(name: string): Promise<boolean>;

  /** Names of locks that somebody holds or has held. */
  abstract list(): Promise<string[]>;

  /** Waits for as long as it takes. @throws the signal's reason */
  async acquire(name: string, options: WaitOptions = {}): Promise<Lock> {
    for (let wait = FIRST_LOOK_MS; ; wait = Math.min(wait * 2, LAST_LOOK_MS)) {
      options.signal?.throwIfAborted();
      const lock = await this.tryAcquire(name, options);
      if (lock) return lock;
      await options.onWait?.();
      // Two that get in each other's way must not do so again at the same moment.
      await pause(wait * (0.5 + Math.random()), options.signal);
    }
  }

  /** Runs `task` under a lock. */
  async during<T>(name: string, options: WaitOptions, task: () => Promise<T>): Promise<T> {
    const lock = await this.acquire(name, options);
    try {
      return await task();
    } finally {
      await lock.release();
    }
  }
}

/**
 * Time between two looks at a lock that is taken, ms: short at first, for locks held for moments, longer for those held
 * through a download. Waiting in the kernel would hold a thread of the pool.
 */
const FIRST_LOOK_MS = 1;
const LAST_LOOK_MS = 50;

/** What stands before the ending in those entries that have it. */
export function namesWithEnding(entries: readonly string[], ending: string): string[] {
  return entries.filter((entry) => entry.endsWith(ending)).map((entry) => entry.slice(0, -ending.length));
}
