import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchProblem } from './launch-problem.js';
import { identify, isAlive, type ProcessIdentity } from './process-identity.js';

interface LockRecord {
  readonly launcher: ProcessIdentity;
  readonly urls: readonly string[];
  /** Everything the launcher has started and that may still be ending after it was killed. */
  readonly children: readonly ProcessIdentity[];
}

const LEFTOVER_WAIT_MS = 10_000;
const POLL_MS = 50;

/** Keeps a data folder to one cluster. A lock whose launcher is dead is taken over once its children have ended. */
export class DataFolderLock {
  private children: readonly number[] = [];
  private urls: readonly string[] = [];

  private constructor(
    private readonly file: string,
    private readonly launcher: ProcessIdentity,
  ) {}

  /** @throws LaunchProblem when another cluster lives in the folder, or processes of a killed one will not end */
  static async take(file: string): Promise<DataFolderLock> {
    const lock = new DataFolderLock(file, identify(process.pid));
    while (!lock.create()) {
      const record = readRecord(file);
      if (record && isAlive(record.launcher)) throw new LaunchProblem(occupied(record));
      if (record) await waitForEnd(record.children);
      rmSync(file, { force: true });
    }
    return lock;
  }

  /** Tells a second start where this cluster is and which processes belong to it. */
  describe(urls: readonly string[], children: readonly number[]): void {
    [this.urls, this.children] = [urls, children];
    writeFileSync(this.draft, this.text());
    renameSync(this.draft, this.file);
  }

  release(): void {
    rmSync(this.file, { force: true });
  }

  private get draft(): string {
    return `${this.file}.${this.launcher.pid}`;
  }

  /** A link appears with its whole text or not at all, so a reader never sees half a record. */
  private create(): boolean {
    writeFileSync(this.draft, this.text());
    try {
      linkSync(this.draft, this.file);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      rmSync(this.draft, { force: true });
    }
  }

  private text(): string {
    const children = this.children.map((pid) => identify(pid));
    return JSON.stringify({ launcher: this.launcher, urls: this.urls, children } satisfies LockRecord);
  }
}

function readRecord(file: string): LockRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as Partial<LockRecord>;
    if (typeof record.launcher?.pid !== 'number') return undefined;
    return { launcher: record.launcher, urls: record.urls ?? [], children: record.children ?? [] };
  } catch {
    return undefined;
  }
}

function occupied({ launcher, urls }: LockRecord): string {
  const where = urls.length > 0 ? ` at ${urls.join(', ')}` : '';
  return `Longshore already runs from this data folder (process ${launcher.pid}${where}). Use that one, stop it, or give this one a folder and a port of its own: npm start -- --data DIR --port P`;
}

async function waitForEnd(children: readonly ProcessIdentity[]): Promise<void> {
  const deadline = Date.now() + LEFTOVER_WAIT_MS;
  while (children.some((child) => isAlive(child))) {
    if (Date.now() > deadline) {
      const pids = children.filter((child) => isAlive(child)).map(({ pid }) => pid);
      throw new LaunchProblem(
        `Processes of an earlier start are still there: ${pids.join(', ')}. End them with: kill ${pids.join(' ')}`,
      );
    }
    await sleep(POLL_MS);
  }
}
