import { describe, expect, it } from 'vitest';
import type { FaultScore, Totals } from './scoreboard.js';
import { judge, type Judged } from './verdict.js';

const TOTALS: Totals = {
  requests: 9,
  accepted: 9,
  finished: 9,
  lost: 0,
  bytesLost: 0,
  bytesRepeated: 0,
  wrong: 0,
  refusals: 3,
  unaccepted: 0,
  resumes: 4,
  pulls: 2,
  pullsLost: 0,
};
const fault = (name: string, numbers: Partial<FaultScore>): FaultScore => ({
  name,
  times: 1,
  streams: 4,
  stallP50: 0,
  stallP99: 0,
  recovery: 0,
  ...numbers,
});

function broken(change: Partial<Omit<Judged, 'totals'>> & { readonly totals?: Partial<Totals> }): string[] {
  const judged = { faults: [], orphans: 0, tolerance: 1, ...change, totals: { ...TOTALS, ...change.totals } };
  return judge(judged)
    .filter(({ met }) => !met)
    .map(({ what }) => what);
}

describe('the verdict', () => {
  it('has nothing against a run without harm', () => {
    const faults = [
      fault('worker-kill', { stallP99: 2_900 }),
      fault('redis-3', { recovery: 1_900, stallP99: 5_000 }),
      fault('hang-up', { idleAfter: 400 }),
    ];
    expect(broken({ faults })).toEqual([]);
  });

  it.each([
    [{ finished: 0 }, 'requests finished'],
    [{ unaccepted: 1 }, 'requests never let in'],
    [{ lost: 1 }, 'requests lost'],
    [{ pullsLost: 1 }, 'requests lost'],
    [{ bytesLost: 1 }, 'bytes lost'],
    [{ bytesRepeated: 1 }, 'bytes repeated'],
    [{ wrong: 1 }, 'answers wrong'],
  ])('is against %j, whatever the tolerance', (totals, what) => {
    expect(broken({ totals, tolerance: 100 })).toEqual([what]);
  });

  it('is against what was left behind', () => {
    expect(broken({ orphans: 1 })).toEqual(['left behind']);
  });

  it.each([
    [fault('worker-kill', { stallP99: 3_100 }), 'stall after the death of a worker, p99'],
    [fault('redis-12', { recovery: 2_100 }), 'Redis back to every stream flowing'],
    [fault('hang-up', { idleAfter: 600 }), 'hang-up to idle engine'],
  ])('is against %j unless the tolerance allows it', (slow, what) => {
    expect(broken({ faults: [slow] })).toEqual([what]);
    expect(broken({ faults: [slow], tolerance: 2 })).toEqual([]);
  });

  it('does not expect a stall to be short of an engine that says all again', () => {
    expect(broken({ faults: [fault('worker-kill', { stallP99: 9_000 })], startsOver: true })).toEqual([]);
  });

  it('is against an engine that never became idle', () => {
    expect(broken({ faults: [fault('hang-up', { idleAfter: Number.NaN })], tolerance: 2 })).toEqual([
      'hang-up to idle engine',
    ]);
  });
});
