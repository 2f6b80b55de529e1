import type { BatchItem, PrioritizedBatchItem } from 'node-llama-cpp';
import { orderBatch } from './order-batch.js';

/**
 * Batches in the order of sequence ids. The library does not tell the ids, so they are read from its queue, which has
 * the same order as `items`; where the queue does not look as in the version this was written for, ids stay unknown,
 * only the order is lost, and `onUnknown` is told.
 */
export function orderBySequence(
  context: object | undefined,
  { items, size }: { readonly items: readonly BatchItem[]; readonly size: number },
  onUnknown: () => void,
): PrioritizedBatchItem[] {
  const { _queuedDecodes: queue }: { readonly _queuedDecodes?: unknown } = context ?? {};
  const entries: readonly unknown[] = Array.isArray(queue) && queue.length === items.length ? queue : [];
  const candidates = items.map((item, index) => ({
    tokens: item.tokens.length,
    sequenceId: sequenceIdOf(entries[index], item),
  }));
  if (candidates.some((candidate) => candidate.sequenceId === undefined)) onUnknown();
  return orderBatch(candidates, size).flatMap(({ index, tokens }) => {
    const item = items[index];
    return item === undefined ? [] : [{ item, processAmount: tokens }];
  });
}

function sequenceIdOf(entry: unknown, item: BatchItem): number | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { sequenceId, tokens } = entry as { sequenceId?: unknown; tokens?: unknown };
  return typeof sequenceId === 'number' && tokens === item.tokens ? sequenceId : undefined;
}
