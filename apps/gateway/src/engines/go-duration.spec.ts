import { expect, it } from 'vitest';
import { formatGoDuration, formatKeepAlive, parseGoDuration } from './go-duration.js';

it.each([
  ['10m', 600_000],
  ['1h30m', 5_400_000],
  ['1.5s', 1_500],
  ['.5s', 500],
  ['0', 0],
  ['0s', 0],
  ['-1', undefined],
  ['-1s', -1_000],
  ['-1m30s', -90_000],
  ['+5s', 5_000],
  ['250us', 0.25],
  ['', undefined],
  ['10', undefined],
  ['10 m', undefined],
  ['m', undefined],
  ['1d', undefined],
  ['1e3s', undefined],
  ['9999999999999h', undefined],
])('reads %j as %s ms', (text, ms) => {
  expect(parseGoDuration(text)).toBe(ms);
});

it.each([
  [0, '0s'],
  [500, '500ms'],
  [1_500, '1.5s'],
  [600_000, '10m0s'],
  [3_600_000, '1h0m0s'],
  [5_430_000, '1h30m30s'],
])('prints %i ms as %s', (ms, text) => {
  expect(formatGoDuration(ms)).toBe(text);
  expect(parseGoDuration(text)).toBe(ms);
});

it('prints for ever as -1', () => {
  expect(formatKeepAlive(-1)).toBe('-1');
  expect(formatKeepAlive(60_000)).toBe('1m0s');
});
