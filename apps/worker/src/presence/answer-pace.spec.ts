import { beforeEach, describe, expect, it } from 'vitest';
import { WorkerMetrics } from '#observability';
import { AnswerPace } from './answer-pace.js';

let metrics: WorkerMetrics;
beforeEach(() => (metrics = new WorkerMetrics()));

describe('the pace of an answer', () => {
  it('is the mean time between its events, however they came together', async () => {
    const pace = new AnswerPace(metrics, 'm');
    pace.take(Buffer.from('data: 1\n\n'), 1_000);
    pace.take(Buffer.from('data: 2\n\ndata: 3\n\n'), 1_200);
    pace.take(Buffer.from('data: 4\n\n'), 1_300);
    pace.take(Buffer.from('data: [DONE]\n\n'), 1_400);
    pace.end();
    const text = await metrics.registry.metrics();
    expect(text).toContain('longshore_worker_output_events_total{model="m"} 5\n');
    expect(text).toContain('gen_ai_server_time_per_output_token_seconds_sum{model="m"} 0.1\n');
    expect(text).toContain('gen_ai_server_time_per_output_token_seconds_count{model="m"} 1\n');
  });

  it('is counted as it is made, twice a second, so that a long answer is seen before its end', async () => {
    const counted = async () => (await metrics.outputEvents.get()).values[0]?.value;
    const pace = new AnswerPace(metrics, 'm');
    pace.take(Buffer.from('data: 1\n\n'), 1_000);
    expect(await counted()).toBe(1);
    pace.take(Buffer.from('data: 2\n\n'), 1_499);
    expect(await counted()).toBe(1);
    pace.take(Buffer.from('data: 3\n\n'), 1_500);
    expect(await counted()).toBe(3);
    pace.take(Buffer.from('data: 4\n\n'), 1_600);
    pace.end();
    expect(await counted()).toBe(4);
  });

  it.each([
    ['nothing', []],
    ['one event', ['data: 1\n\n']],
  ])('is not measured of %s', async (_what, events) => {
    const pace = new AnswerPace(metrics, 'm');
    for (const event of events) pace.take(Buffer.from(event), 5);
    pace.end();
    expect(await metrics.registry.metrics()).not.toContain('time_per_output_token_seconds_count{');
  });
});
