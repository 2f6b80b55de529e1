import type { LoadAnswer, LoadOrder } from './load.js';
import { type HeldStreams, holdStreams, runLoad } from './run-load.js';

/** The load generator: a process of its own, so that its work is not mistaken for the cluster's. Orders come by IPC. */
let held: HeldStreams | undefined;

async function obey(order: LoadOrder): Promise<LoadAnswer> {
  if (order.kind === 'run') return { kind: 'report', report: await runLoad(order.load, order.onTimeMs) };
  if (order.kind === 'hold') {
    held = await holdStreams(order.load);
    return { kind: 'held', streams: held.count };
  }
  held?.release();
  held = undefined;
  return { kind: 'released' };
}

process.on('disconnect', () => process.exit(0));
process.on('message', (order: LoadOrder) => {
  obey(order).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ kind: 'failed', message: String(error) } satisfies LoadAnswer),
  );
});
