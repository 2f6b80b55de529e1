import { expect, it } from 'vitest';
import { loadLimitMs } from './readiness.js';

it('gives a small model two minutes and a large one the time to read it from a slow disk', () => {
  expect(loadLimitMs(0)).toBe(120_000);
  expect(loadLimitMs(40e9)).toBe(120_000 + 4_000_000);
});
