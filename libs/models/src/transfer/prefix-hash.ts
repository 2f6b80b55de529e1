import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { HashOrder } from './hash-worker.js';

/** The SHA-256 of a file that grows from its beginning. */
export interface PrefixHash {
  /** The first `to` bytes are final. */
  advance(to: number): void;
  /** The hex digest of the first `size` bytes. Called once. */
  finish(size: number): Promise<string>;
  /** Frees what it holds; safe at any time and more than once. */
  stop(): Promise<void>;
}

const WORKER_FILE = 'hash-worker.js';
/** Starting a thread costs more than hashing so much here. */
const SMALL_BYTES = 4 * 1024 * 1024;
/** Bytes between two orders to the thread. */
const STEP_BYTES = 4 * 1024 * 1024;
const WINDOW_BYTES = 256 * 1024;

/** Hashes in a thread of its own, so that receiving goes on meanwhile; small files, and where no build is, here. */
export function startPrefixHash(path: string, size: number): PrefixHash {
  const worker = size <= SMALL_BYTES ? undefined : findHashWorker();
  return worker === undefined ? new HashAtTheEnd(path) : new HashInThread(worker, path);
}

/**
 * The compiled body of the thread: beside this module in the build, and in the build's mirror of this folder when
 * this module runs from source, as in tests.
 */
function findHashWorker(moduleUrl: string = import.meta.url): string | undefined {
  const here = dirname(fileURLToPath(moduleUrl));
  const beside = join(here, WORKER_FILE);
  if (existsSync(beside)) return beside;
  for (let root = dirname(here); root !== dirname(root); root = dirname(root)) {
    const built = join(root, 'dist', here.slice(root.length), WORKER_FILE);
    if (existsSync(join(root, 'package.json')) && existsSync(built)) return built;
  }
  return undefined;
}

class HashInThread implements PrefixHash {
  private readonly worker: Worker;
  private readonly result: Promise<string>;
  private told = 0;

  constructor(file: string, path: string) {
    // None of our flags: they may name loaders that only the main program has.
    this.worker = new Worker(file, { workerData: path, execArgv: [], name: 'sha256' });
    this.result = new Promise((resolve, reject) => {
      this.worker.once('message', resolve);
      this.worker.once('error', reject);
      this.worker.once('exit', () => reject(new Error('the hash thread ended too early')));
    });
    this.result.catch(() => undefined);
  }

  advance(to: number): void {
    if (to - this.told < STEP_BYTES) return;
    this.tell({ to, last: false });
  }

  async finish(size: number): Promise<string> {
    this.tell({ to: size, last: true });
    return this.result;
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }

  private tell(order: HashOrder): void {
    this.told = order.to;
    this.worker.postMessage(order, []);
  }
}

class HashAtTheEnd implements PrefixHash {
  constructor(private readonly path: string) {}

  advance(): void {}

  async finish(size: number): Promise<string> {
    const hash = createHash('sha256');
    const window = Buffer.allocUnsafe(Math.min(WINDOW_BYTES, Math.max(size, 1)));
    const file = await open(this.path, 'r');
    try {
      for (let position = 0; position < size;) {
        const { bytesRead } = await file.read(window, 0, Math.min(window.length, size - position), position);
        if (bytesRead === 0) throw new Error(`${this.path} ends before byte ${size}`);
        hash.update(window.subarray(0, bytesRead));
        position += bytesRead;
      }
    } finally {
      await file.close();
    }
    return hash.digest('hex');
  }

  async stop(): Promise<void> {}
}
