import { describe, expect, it } from 'vitest';
import { orderBatch } from './order-batch.js';

const step = (sequenceId: number | undefined, tokens = 1) => ({ sequenceId, tokens });

describe('orderBatch', () => {
  it('orders a step by sequence id, whatever the order of arrival', () => {
    expect(orderBatch([step(2), step(0), step(1)], 512).map((share) => share.index)).toEqual([1, 2, 0]);
  });

  it('keeps the order of arrival when an id is unknown', () => {
    expect(orderBatch([step(2), step(undefined), step(1)], 512).map((share) => share.index)).toEqual([
      0, 1, 2,
    ]);
  });

  it('lets streams go on beside a prompt that is longer than the batch', () => {
    expect(orderBatch([step(0, 5000), step(1), step(2)], 512)).toEqual([
      { index: 0, tokens: 510 },
      { index: 1, tokens: 1 },
      { index: 2, tokens: 1 },
    ]);
  });

  it('shares the batch evenly between long prompts and wastes nothing on short ones', () => {
    expect(orderBatch([step(0, 400), step(1, 400), step(2, 10)], 210)).toEqual([
      { index: 0, tokens: 100 },
      { index: 1, tokens: 100 },
      { index: 2, tokens: 10 },
    ]);
  });

  it('never hands out more than the batch holds, nor an empty share', () => {
    const shares = orderBatch([step(0, 9), step(1, 9), step(2, 9)], 2);
    expect(shares.reduce((sum, share) => sum + share.tokens, 0)).toBe(2);
    expect(shares.every((share) => share.tokens >= 1)).toBe(true);
  });
});
