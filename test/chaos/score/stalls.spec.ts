import { describe, expect, it } from 'vitest';
import { isAffected, isWaiting, recoveryOf, stallOf } from './stalls.js';

/** An event every 10 ms from 0 to 100, and again from 600 to 700. */
const every10 = (from: number): number[] => Array.from({ length: 11 }, (_, index) => from + index * 10);
const stream = { arrivals: [...every10(0), ...every10(600)], endedAt: 701 };
const fault = { hitAt: 105, healedAt: 400, overAt: 600 };

describe('a stream that a fault hit', () => {
  it('stalls for its longest gap less its usual one', () => {
    expect(stallOf(stream, fault)).toBe(500 - 10);
  });

  it('recovers with its first event after the fault', () => {
    expect(recoveryOf(stream, fault)).toBe(200);
    expect(recoveryOf({ arrivals: every10(0), endedAt: 300 }, fault)).toBe(0);
  });

  it('has not recovered with what was still under way when the fault came', () => {
    const late = { arrivals: [...every10(0), 405, ...every10(900)], endedAt: 1_001 };
    expect(recoveryOf(late, fault)).toBe(500);
    expect(isWaiting({ arrivals: [...every10(0), 405] }, fault.healedAt)).toBe(true);
    expect(isWaiting({ arrivals: [...every10(0), 651] }, fault.healedAt)).toBe(false);
    expect(isWaiting({ arrivals: every10(0), endedAt: 300 }, fault.healedAt)).toBe(false);
  });

  it('has recovered at once when it never paused', () => {
    expect(recoveryOf({ arrivals: every10(350).concat(every10(451)) }, fault)).toBe(0);
  });

  it('stalls until it is given up', () => {
    expect(stallOf({ arrivals: every10(0), endedAt: 5_100 }, fault)).toBe(5_000 - 10);
  });

  it('does not stall by what was before or came later', () => {
    expect(stallOf(stream, { hitAt: 610, healedAt: 620, overAt: 630 })).toBe(0);
    expect(stallOf(stream, { hitAt: 20, healedAt: 30, overAt: 40 })).toBe(0);
  });

  it('had begun and had not ended', () => {
    expect(isAffected(stream, fault)).toBe(true);
    expect(isAffected(stream, { ...fault, hitAt: -1 })).toBe(false);
    expect(isAffected(stream, { ...fault, hitAt: 800 })).toBe(false);
    expect(isAffected({ arrivals: [] }, fault)).toBe(false);
  });
});
