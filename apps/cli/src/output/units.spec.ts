import { describe, expect, it } from 'vitest';
import { parseGoDuration } from './go-duration.js';
import { humanCount, humanDuration, humanSize } from './units.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('humanSize', () => {
  it.each([
    [0, '0.00B'],
    [999, '999.00B'],
    [1000, '1.00kB'],
    [270_590_880, '270.59MB'],
    [5e12, '5.00TB'],
    [-1, '0.00B'],
  ])('shows %i bytes as %s', (bytes, text) => {
    expect(humanSize(bytes)).toBe(text);
  });
});

describe('humanDuration', () => {
  it.each([
    [-5, 'Less than a second'],
    [999, 'Less than a second'],
    [1_500, '1 second'],
    [59_999, '59 seconds'],
    [MINUTE, 'About a minute'],
    [46 * MINUTE, '46 minutes'],
    [60 * MINUTE, 'About an hour'],
    [47 * HOUR, '47 hours'],
    [3 * DAY, '3 days'],
    [20 * DAY, '2 weeks'],
    [90 * DAY, '3 months'],
    [800 * DAY, '2 years'],
  ])('shows %i ms as %s', (ms, text) => {
    expect(humanDuration(ms)).toBe(text);
  });
});

describe('humanCount', () => {
  it('shortens thousands and millions', () => {
    expect([812, 45_230, 1_250_000].map(humanCount)).toEqual(['812', '45.2K', '1.3M']);
  });
});

describe('parseGoDuration', () => {
  it.each([
    ['10m0s', 600_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1_500],
    ['250ms', 250],
    ['0', 0],
    ['-1m', -60_000],
  ])('reads %s as %i ms', (text, ms) => {
    expect(parseGoDuration(text)).toBe(ms);
  });

  it.each(['', '10', 'm', '1d', '1h x', '-1'])('does not read "%s"', (text) => {
    expect(parseGoDuration(text)).toBeUndefined();
  });
});
