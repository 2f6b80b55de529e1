import { once } from 'node:events';
import { join } from 'node:path';
import { eventually } from '#testing';
import { type ByteGate, startByteGate } from '../../e2e/support/byte-gate.js';
import type { Transfer } from './contenders.js';
import { runTransfer, startTransfer } from './run-program.js';

/**
 * Kills a pull with SIGKILL when half of the blob has arrived, and pulls again.
 * @returns bytes the registry had to send twice; what was under way when the process died counts
 */
export async function fetchedAgain({ model, registry, repository, folder }: Transfer): Promise<number> {
  const gate = await startByteGate({ target: () => registry });
  try {
    const store = join(folder, 'store');
    const reference = `${gate.host}/${repository}:1`;
    const first = startTransfer('pull', store, reference);
    const closed = once(first, 'close');
    try {
      const half = { within: 120_000, every: 2, what: 'half of the blob to arrive' };
      await eventually(
        () => passed(gate),
        (bytes) => bytes >= model.size / 2,
        half,
      );
    } finally {
      first.kill('SIGKILL');
      await closed;
    }
    await runTransfer('pull', store, reference);
    const needed = model.artifact.blobs.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
    return passed(gate) - needed;
  } finally {
    await gate.close();
  }
}

function passed({ reads }: ByteGate): number {
  return reads.reduce((sum, read) => sum + read.passed, 0);
}
