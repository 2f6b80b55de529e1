import { describe, expect, it, vi } from 'vitest';
import { orderBySequence } from './sequence-order.js';

const item = (tokens: number[]) => ({ tokens, logits: [], evaluationPriority: 5 }) as never;

describe('orderBySequence', () => {
  it('reads the sequence ids from the queue of the context', () => {
    const [late, early] = [[1], [2]];
    const queue = [
      { sequenceId: 3, tokens: late },
      { sequenceId: 1, tokens: early },
    ];
    const items = [item(late), item(early)];
    const onUnknown = vi.fn<() => void>();
    const ordered = orderBySequence({ _queuedDecodes: queue }, { items, size: 8 }, onUnknown);
    expect(ordered).toEqual([
      { item: items[1], processAmount: 1 },
      { item: items[0], processAmount: 1 },
    ]);
    expect(onUnknown).not.toHaveBeenCalled();
  });

  it.each([
    ['there is no context', undefined],
    ['the queue is gone', {}],
    ['the queue has another length', { _queuedDecodes: [] }],
    ['the queue holds other work', { _queuedDecodes: [{ sequenceId: 1, tokens: [9] }] }],
    ['the entries have no ids', { _queuedDecodes: [{}] }],
  ])('loses nothing but the order, and says so, when %s', (_, context) => {
    const items = [item([1])];
    const onUnknown = vi.fn<() => void>();
    expect(orderBySequence(context, { items, size: 8 }, onUnknown)).toEqual([
      { item: items[0], processAmount: 1 },
    ]);
    expect(onUnknown).toHaveBeenCalled();
  });
});
