import { expect, it } from 'vitest';
import { DrainRate } from './drain-rate.js';

it('knows nothing before the first request has been answered', () => {
  expect(new DrainRate().of(4)).toBeUndefined();
});

it('follows how long requests take, the latest more than those before', () => {
  const rate = new DrainRate();
  rate.note(2_000);
  expect(rate.of(4)).toBe(2);
  rate.note(1_000);
  expect(rate.of(4)).toBeCloseTo(4 / 1.8);
  for (let count = 0; count < 50; count++) rate.note(500);
  expect(rate.of(4)).toBeCloseTo(8, 1);
});

it('stays finite for requests that take no time', () => {
  const rate = new DrainRate();
  rate.note(0);
  expect(rate.of(1)).toBe(1_000);
});
