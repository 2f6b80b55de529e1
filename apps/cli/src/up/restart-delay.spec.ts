import { describe, expect, it } from 'vitest';
import { restartDelay } from './restart-delay.js';

describe('restartDelay', () => {
  it('doubles with every crash in a row, up to half a minute', () => {
    expect([1, 2, 3, 4, 5, 6, 60].map((failures) => restartDelay(failures))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000,
    ]);
  });
});
