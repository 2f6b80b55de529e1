import { beforeEach, describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import { WorkerMetrics } from '#observability';
import { type CountedSession, WorkCounts } from './work-counts.js';

const MODEL = `sha256:${'a'.repeat(64)}`;

describe('WorkCounts', () => {
  let sessions: CountedSession[];
  let counts: WorkCounts;
  beforeEach(() => {
    sessions = [];
    counts = new WorkCounts(new WorkerMetrics(), () => sessions);
  });

  it('tells how long requests waited, by model, and counts each request once', async () => {
    counts.begun({ attempt: 1, queuedAt: 1_000 }, MODEL, 1_300);
    counts.begun({ attempt: 2, queuedAt: 1_000 }, MODEL, 9_000);
    counts.begun({ attempt: 1, queuedAt: 1_000 }, MODEL, 900);
    const text = await counts.text();
    expect(text).toContain(`longshore_worker_queue_wait_seconds_sum{model="${MODEL}"} 0.3`);
    expect(text).toContain(`longshore_worker_queue_wait_seconds_count{model="${MODEL}"} 2`);
    expect(text).toContain(`longshore_worker_queue_wait_seconds_bucket{le="0.25",model="${MODEL}"} 1`);
  });

  it('tells how loads ended, and how many engines have died', async () => {
    counts.loaded();
    counts.notLoaded(new LongshoreError('out_of_memory', 'There is too little.'));
    counts.engineDied();
    counts.engineStuck();
    const text = await counts.text();
    expect(text).toContain('longshore_worker_loads_total{outcome="loaded"} 1');
    expect(text).toContain('longshore_worker_loads_total{outcome="out_of_memory"} 1');
    expect(text).toContain('longshore_worker_engine_deaths_total 1');
    expect(text).toContain('longshore_worker_engines_stuck_total 1');
  });

  it('tells the sessions and slots of the moment', async () => {
    sessions = [
      { busy: 1, engine: { slots: 4 } },
      { busy: 2, engine: { slots: 2 } },
    ];
    await counts.text();
    sessions.pop();
    const text = await counts.text();
    expect(text).toContain('longshore_worker_sessions 1\n');
    expect(text).toContain('longshore_worker_slots 4\n');
    expect(text).toContain('longshore_worker_busy_slots 1\n');
  });
});
