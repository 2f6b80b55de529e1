import type { BatchItem, LlamaContext, PrioritizedBatchItem } from 'node-llama-cpp';
import { orderBatch } from './order-batch.js';

/**
 * Batches in the order of sequence ids. The library does not tell the ids, so they are read from its queue, which has
 * the same order as `items`; where the queue does not look as in the version this was written for, ids stay unknown
 * and only the order is lost.
 */
export function orderBySequence(
  context: LlamaContext | undefined,
  items: readonly BatchItem[],
  size: number,
): PrioritizedBatchItem[] {
  const queue: unknown = (context as { _queuedDecodes?: unknown } | undefined)?._queuedDecodes;
  const entries: readonly unknown[] = Array.isArray(queue) && queue.length === items.length ? queue : [];
  const candidates = items.map((item, index) => ({
    tokens: item.tokens.length,
    sequenceId: sequenceIdOf(entries[index], item),
  }));
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
