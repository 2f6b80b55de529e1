import { describe, expect, it } from 'vitest';
import { reasonToGiveUp } from './pumped-job.js';

describe('reasonToGiveUp', () => {
  it('is none for a job that may be run', () => {
    expect(reasonToGiveUp({ attemptsStarted: 1_000, stalledCounter: 2 })).toBeUndefined();
  });

  it.each([
    [{ attemptsStarted: 4, stalledCounter: 3 }, 'it ended 3 workers or engines'],
    [{ attemptsStarted: 1_001, stalledCounter: 0 }, 'it was begun 1000 times'],
    [{ attemptsStarted: 2, stalledCounter: 1, deferredFailure: 'stock said no' }, 'stock said no'],
  ])('says what happened to %o', (job, reason) => {
    expect(reasonToGiveUp(job)).toBe(reason);
  });
});
