import { describe, expect, it } from 'vitest';
import type { CompletionJob } from '#contracts';
import { type AcceptedJob, RecentJobs } from './recent-jobs.js';

const accepted = (requestId: string, bytes = 10): AcceptedJob => ({
  queue: 'q',
  job: { requestId, body: 'x'.repeat(bytes) } as CompletionJob,
});

describe('RecentJobs', () => {
  it('keeps a job for three seconds in which Redis is there', () => {
    const jobs = new RecentJobs();
    jobs.keep(accepted('a'));
    jobs.grow(2_000);
    jobs.keep(accepted('b'));
    jobs.grow(1_000);
    expect(jobs.get('a')).toMatchObject({ queue: 'q' });
    jobs.grow(1);
    expect([jobs.get('a'), jobs.get('b')?.job.requestId]).toEqual([undefined, 'b']);
  });

  it('keeps the latest jobs when there is no room for all', () => {
    const jobs = new RecentJobs(25);
    for (const id of ['a', 'b', 'c']) jobs.keep(accepted(id));
    expect(['a', 'b', 'c'].map((id) => jobs.get(id) !== undefined)).toEqual([false, true, true]);
    jobs.keep(accepted('d', 26));
    expect(['b', 'c', 'd'].map((id) => jobs.get(id) !== undefined)).toEqual([false, false, false]);
  });

  it('counts a job that is kept again once', () => {
    const jobs = new RecentJobs(25);
    for (let time = 0; time < 10; time++) jobs.keep(accepted('a'));
    jobs.keep(accepted('b'));
    expect(jobs.get('a')).toBeDefined();
  });
});
