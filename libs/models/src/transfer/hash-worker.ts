import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

/** What the thread is told: how far the file is complete, and whether that is all. */
export interface HashOrder {
  readonly to: number;
  readonly last: boolean;
}

const WINDOW_BYTES = 1024 * 1024;

/** The body of the thread: hashes a growing file up to where it is told, and answers the last order with hex. */
function serve(path: string): void {
  const hash = createHash('sha256');
  const window = Buffer.allocUnsafeSlow(WINDOW_BYTES);
  const file = openSync(path, 'r');
  let position = 0;
  parentPort?.on('message', ({ to, last }: HashOrder) => {
    while (position < to) {
      const read = readSync(file, window, 0, Math.min(WINDOW_BYTES, to - position), position);
      if (read === 0) throw new Error(`${path} ends before byte ${to}`);
      hash.update(window.subarray(0, read));
      position += read;
    }
    if (!last) return;
    closeSync(file);
    parentPort?.postMessage(hash.digest('hex'), []);
    parentPort?.close();
  });
}

serve(String(workerData));
