import { describe, expect, it } from 'vitest';
import { MemoryLedger } from './memory-ledger.js';

const NOW = 1_000_000;

describe('the ledger of a worker’s memory', () => {
  it('counts what is on its way apart from what is there', () => {
    const ledger = new MemoryLedger();
    const [one, other] = [{}, {}];
    ledger.reserve(one, 10);
    ledger.reserve(other, 5);
    expect([ledger.starting, ledger.held]).toEqual([15, 0]);
    ledger.settle(one);
    expect([ledger.starting, ledger.held]).toEqual([5, 10]);
    ledger.release(one);
    ledger.release(other);
    expect([ledger.starting, ledger.held]).toEqual([0, 0]);
  });

  it('knows that a model needs more than what was free when it did not fit, also with a larger context', () => {
    const ledger = new MemoryLedger();
    ledger.learn('a', { contextSize: 2_048, free: 100, at: NOW });
    const need = (queue: string, contextSize: number | undefined, estimate = 50, now = NOW + 1) =>
      ledger.need(queue, { contextSize, estimate, now });
    expect(need('a', 2_048)).toBe(101);
    expect(need('a', 4_096)).toBe(101);
    expect(need('a', undefined)).toBe(101);
    expect(need('a', 1_024)).toBe(50);
    expect(need('b', 2_048)).toBe(50);
    expect(need('a', 2_048, 200)).toBe(200);
  });

  it('begins with the context that may fit, and with the smallest when none seems to', () => {
    const ledger = new MemoryLedger();
    const ladder = [4_096, 2_048, 1_024];
    const first = (free: number) => ledger.firstPromising('a', { ladder, free, now: NOW + 1 });
    expect(first(0)).toBe(0);
    ledger.learn('a', { contextSize: 4_096, free: 100, at: NOW });
    ledger.learn('a', { contextSize: 2_048, free: 100, at: NOW });
    expect(first(100)).toBe(2);
    expect(first(150)).toBe(0);
    ledger.learn('a', { contextSize: 1_024, free: 100, at: NOW });
    expect(first(100)).toBe(2);
  });

  it('forgets what it has learned after a while, and when the model is run in another way', () => {
    const ledger = new MemoryLedger();
    ledger.learn('a', { contextSize: 512, free: 100, at: NOW });
    const need = (now: number) => ledger.need('a', { contextSize: 512, estimate: 1, now });
    expect(need(NOW + 9 * 60_000)).toBe(101);
    expect(need(NOW + 11 * 60_000)).toBe(1);
    ledger.forget('a');
    expect(need(NOW)).toBe(1);
  });
});
