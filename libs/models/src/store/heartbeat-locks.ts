import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, rmdir, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, ifPresent } from './durable-files.js';
import { Locks, namesWithEnding, type Lock, type LockOptions } from './locks.js';

export interface HeartbeatOptions {
  /** Time between two signs of life of a holder; ms. */
  readonly interval: number;
  /** A holder that gave no sign of life for so long is dead; ms. Many intervals, because a busy disk delays them. */
  readonly patience: number;
}

const DEFAULT_HEARTBEAT: HeartbeatOptions = { interval: 2_000, patience: 30_000 };

/**
 * Locks for file systems that have none of their own. Each holder has a file in the folder `<name>.held` and writes to
 * it again and again; who wants the lock puts its own file there first and then looks who else is there, so of two that
 * come at once at most one gets it. Ages are differences between times that the file system itself has set, so clocks
 * of machines do not matter. A process that was stopped for longer than the patience has lost what it held, and does
 * not know: this is the weaker kind.
 */
export class HeartbeatLocks extends Locks {
  constructor(
    private readonly directory: string,
    private readonly heartbeat: HeartbeatOptions = DEFAULT_HEARTBEAT,
  ) {
    super();
  }

  override async tryAcquire(name: string, options: LockOptions = {}): Promise<Lock | undefined> {
    const folder = this.folderOf(name);
    const shared = options.shared ?? false;
    const entry = `${shared ? SHARED : EXCLUSIVE}${randomUUID()}`;
    const file = await create(folder, entry);
    try {
      const rivals = await this.holders(folder, (await file.stat()).mtimeMs, entry);
      if (rivals.every((rival) => shared && rival.startsWith(SHARED))) {
        return new HeartbeatLock(file, { folder, entry, interval: this.heartbeat.interval });
      }
    } catch (error) {
      await leave(file, folder, entry);
      throw error;
    }
    await leave(file, folder, entry);
    return undefined;
  }

  override async isHeld(name: string): Promise<boolean> {
    const folder = this.folderOf(name);
    // What others wait with is not there for long; a holder is seen on every look.
    if (((await ifPresent(readdir(folder))) ?? []).length === 0) return false;
    const lock = await this.tryAcquire(name);
    await lock?.release();
    return lock === undefined;
  }

  override async list(): Promise<string[]> {
    return namesWithEnding(await readdir(this.directory), ENDING);
  }

  /** The live entries but one's own; those of the dead are removed. */
  private async holders(folder: string, now: number, own: string): Promise<string[]> {
    const alive: string[] = [];
    for (const entry of await readdir(folder)) {
      if (entry === own) continue;
      const since = (await ifPresent(stat(join(folder, entry))))?.mtimeMs;
      if (since === undefined) continue;
      if (now - since <= this.heartbeat.patience) alive.push(entry);
      else await rm(join(folder, entry), { force: true });
    }
    return alive;
  }

  private folderOf(name: string): string {
    return join(this.directory, `${name}${ENDING}`);
  }
}

const ENDING = '.held';
const SHARED = 's-';
const EXCLUSIVE = 'x-';

interface HeldEntry {
  readonly folder: string;
  readonly entry: string;
  readonly interval: number;
}

class HeartbeatLock implements Lock {
  private readonly timer: NodeJS.Timeout;
  private beating: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly file: FileHandle,
    private readonly held: HeldEntry,
  ) {
    // Writing lets the file system say what time it is. A beat that fails is followed by the next one.
    const beat = (): Promise<unknown> => this.file.write('.', 0).catch(() => undefined);
    this.timer = setInterval(() => {
      this.beating = this.beating.then(beat);
    }, held.interval);
    this.timer.unref();
  }

  async release(): Promise<void> {
    clearInterval(this.timer);
    await this.beating;
    await leave(this.file, this.held.folder, this.held.entry);
  }
}

/** The folder may be removed by the holder before us at any moment. */
async function create(folder: string, entry: string): Promise<FileHandle> {
  for (;;) {
    // Not `recursive`, which fails when a folder that was there is gone when it looks again.
    await mkdir(folder).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error;
    });
    const file = await ifPresent(open(join(folder, entry), 'wx', 0o644));
    if (!file) continue;
    try {
      await file.write('.', 0);
      return file;
    } catch (error) {
      await leave(file, folder, entry);
      throw error;
    }
  }
}

async function leave(file: FileHandle, folder: string, entry: string): Promise<void> {
  await file.close();
  await rm(join(folder, entry), { force: true });
  try {
    await rmdir(folder);
  } catch (error) {
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT', 'EBUSY')) throw error;
  }
}
