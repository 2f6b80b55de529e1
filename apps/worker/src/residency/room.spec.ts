import { describe, expect, it } from 'vitest';
import {
  afterShortage,
  contextLadder,
  freeMemory,
  memoryOf,
  type ShortageQuestion,
  firstConceivable,
} from './room.js';

describe('contexts to try', () => {
  it('begin with what was asked for and are halved three times', () => {
    expect(contextLadder(8_192)).toEqual([8_192, 4_096, 2_048, 1_024]);
  });

  it('are never smaller than is of use, but for one that was asked for', () => {
    expect(contextLadder(2_000)).toEqual([2_000, 1_000]);
    expect(contextLadder(300)).toEqual([300]);
  });

  it('begin with the engine’s own where none was asked for', () => {
    expect(contextLadder(undefined)).toEqual([undefined, 8_192, 4_096, 2_048, 1_024]);
  });
});

describe('free memory', () => {
  const measured = { total: 100, free: 60 };

  it('is what the machine says, less what is on its way', () => {
    expect(freeMemory({ measured, budget: 0, held: 10, starting: 0 })).toBe(60);
    expect(freeMemory({ measured, budget: 0, held: 10, starting: 20 })).toBe(40);
  });

  it('is less where models were mapped, which the machine counts as free', () => {
    expect(freeMemory({ measured, budget: 0, held: 70, starting: 0 })).toBe(30);
  });

  it('ends where the operator says', () => {
    expect(freeMemory({ measured, budget: 50, held: 30, starting: 0 })).toBe(20);
    expect(freeMemory({ measured, budget: 50, held: 30, starting: 40 })).toBe(0);
    expect(freeMemory({ measured: undefined, budget: 50, held: 30, starting: 0 })).toBe(20);
  });

  it('is without end where nothing is known', () => {
    expect(freeMemory({ measured: undefined, budget: 0, held: 30, starting: 0 })).toBe(Infinity);
  });

  it('is that of all devices together, and unknown when one does not tell', () => {
    const device = { kind: 'nvidia', name: '', memoryTotal: 10, memoryFree: 4 } as const;
    expect(memoryOf([device, device], measured)).toEqual({ total: 20, free: 8 });
    expect(memoryOf([device, { ...device, memoryTotal: 0 }], measured)).toBeUndefined();
    expect(memoryOf([], measured)).toBe(measured);
    expect(memoryOf(undefined, measured)).toBe(measured);
  });
});

describe('after a shortage', () => {
  const question: ShortageQuestion = {
    ladder: [4_096, 2_048],
    rung: 0,
    evictable: false,
    others: true,
    elsewhere: false,
  };

  it('an idle session goes first', () => {
    expect(afterShortage({ ...question, evictable: true })).toEqual({ kind: 'evict' });
    expect(afterShortage({ ...question, evictable: true, rung: 1 })).toEqual({ kind: 'evict' });
  });

  it('then a smaller context is tried', () => {
    expect(afterShortage(question)).toEqual({ kind: 'shrink', rung: 1 });
  });

  it('then another worker shall try, or the sessions in use are waited for', () => {
    expect(afterShortage({ ...question, rung: 1, elsewhere: true })).toEqual({ kind: 'give-up' });
    expect(afterShortage({ ...question, rung: 1 })).toEqual({ kind: 'wait' });
  });

  it('and at last it is given up', () => {
    expect(afterShortage({ ...question, rung: 1, others: false })).toEqual({ kind: 'give-up' });
  });
});

describe('firstConceivable', () => {
  it('passes over contexts that are larger than all memory', () => {
    expect(firstConceivable([400, 200, 100], 250)).toBe(1);
    expect(firstConceivable([400], Infinity)).toBe(0);
    expect(firstConceivable([-5, 1], 0)).toBe(0);
    expect(firstConceivable([400, 300], 250)).toBe(-1);
  });
});
