import { describe, expect, it } from 'vitest';
import type { Frame } from '#contracts';
import { ReplayBuffer } from './replay-buffer.js';

const frame = (sequence: number, bytes = 10): Frame => ({
  stream: 1,
  attempt: 1,
  sequence,
  kind: 'body',
  payload: Buffer.alloc(bytes),
});

describe('ReplayBuffer', () => {
  it('gives everything from a sequence number on', () => {
    const buffer = new ReplayBuffer(1_000);
    for (let sequence = 0; sequence < 5; sequence++) buffer.push(frame(sequence));
    expect(buffer.from(3)?.map(({ sequence }) => sequence)).toEqual([3, 4]);
    expect(buffer.from(5)).toEqual([]);
  });

  it('says when what is asked for is gone', () => {
    const buffer = new ReplayBuffer(35);
    for (let sequence = 0; sequence < 5; sequence++) buffer.push(frame(sequence));
    expect(buffer.from(1)).toBeUndefined();
    expect(buffer.from(2)?.map(({ sequence }) => sequence)).toEqual([2, 3, 4]);
  });

  it('keeps the newest frame even when it alone is over the capacity', () => {
    const buffer = new ReplayBuffer(5);
    buffer.push(frame(0, 100));
    expect(buffer.from(0)).toHaveLength(1);
  });
});
