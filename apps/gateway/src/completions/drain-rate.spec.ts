import { describe, expect, it } from 'vitest';
import { QUEUE, session, worker } from './__fixtures__/announce.js';
import { estimateWait, retryAfterOf, supplyOf } from './drain-rate.js';

describe('supplyOf', () => {
  it('adds up what ready sessions of the queue announce, on all workers of its variant', () => {
    const workers = [
      worker([session({ drainRate: 2, slots: 4, busy: 4 })]),
      worker([session({ drainRate: 0.5, slots: 2, busy: 1 })]),
      worker([session({ drainRate: 9, modelId: `sha256:${'b'.repeat(64)}` })]),
      worker([session({ drainRate: 9, mode: 'embedding' })]),
      worker([session({ drainRate: 9 })], { variant: 'cuda' }),
      worker([session({ drainRate: 9 })], { draining: true }),
      worker([session({ drainRate: 9, state: 'draining' })]),
    ];
    expect(supplyOf(QUEUE, workers)).toEqual({ workers: 2, resident: true, free: 1, rate: 2.5 });
  });

  it('assumes a typical answer of sessions that have not measured one', () => {
    expect(supplyOf(QUEUE, [worker([session({ slots: 4 })])]).rate).toBeCloseTo(0.4);
  });

  it('does not count a session that is still loading as able to run anything', () => {
    const supply = supplyOf(QUEUE, [worker([session({ state: 'loading', drainRate: 3 })])]);
    expect(supply).toEqual({ workers: 1, resident: false, free: 0, rate: 0 });
  });
});

describe('estimateWait', () => {
  const supply = { workers: 1, resident: true, free: 0, rate: 2 };

  it('is the time in which those ahead and one more place come free', () => {
    expect(estimateWait(0, supply)).toBe(0.5);
    expect(estimateWait(3, supply)).toBe(2);
  });

  it('is nothing while slots are free for all that are ahead', () => {
    expect(estimateWait(1, { ...supply, free: 2 })).toBe(0);
    expect(estimateWait(2, { ...supply, free: 2 })).toBe(0.5);
  });

  it('is unknown while nothing serves the queue', () => {
    expect(estimateWait(3, { workers: 0, resident: false, free: 0, rate: 0 })).toBeUndefined();
  });
});

describe('retryAfterOf', () => {
  const supply = { workers: 1, resident: true, free: 0, rate: 10 };

  it('is the time in which a tenth of those who wait are served', () => {
    expect(retryAfterOf(1_000, supply)).toBe(10);
    expect(retryAfterOf(1_000, { ...supply, rate: 80 })).toBe(1.25);
  });

  it('is never under a second nor over a minute', () => {
    expect(retryAfterOf(1, supply)).toBe(1);
    expect(retryAfterOf(1_000_000, supply)).toBe(60);
    expect(retryAfterOf(1_000, { workers: 0, resident: false, free: 0, rate: 0 })).toBe(60);
  });

  it('waits for one place at least where few may wait', () => {
    expect(retryAfterOf(2, { ...supply, rate: 0.1 })).toBe(10);
  });
});
