import { describe, expect, it } from 'vitest';
import type { RunningModel } from '../client/wire.js';
import { coloursFor } from '../output/colours.js';
import { parseMetrics } from './parse-metrics.js';
import { renderSnapshot } from './render.js';
import { Scrape } from './scrape.js';
import { takeSnapshot } from './snapshot.js';

const MODEL = 'docker.io/ai/smollm2:latest';

const RUNNING: RunningModel[] = [
  {
    backend_name: 'llama.cpp',
    model_name: MODEL,
    mode: 'completion',
    last_used: '2026-01-01T00:00:00Z',
    workers: ['worker-1', 'worker-10'],
  },
];

interface Counts {
  readonly tokens: number;
  readonly answers: number;
  /** First tokens within 0.1 s and within 1 s. */
  readonly fast: number;
  readonly all: number;
  readonly started?: number;
}

function metrics({ tokens, answers, fast, all, started = 1 }: Counts): string {
  const ttft = 'gen_ai_server_time_to_first_token_seconds';
  return [
    '# HELP longshore_redis_up 1 when Redis answered',
    'longshore_redis_up 1',
    `process_start_time_seconds ${started}`,
    'longshore_open_responses 2',
    `longshore_queue_requests{variant="cpu",gen_ai_request_model="${MODEL}",mode="completion",state="waiting"} 3`,
    `longshore_queue_requests{variant="cpu",gen_ai_request_model="${MODEL}",mode="completion",state="active"} 4`,
    'longshore_worker_memory_bytes{worker="worker-1",variant="cpu",state="total"} 8000000000',
    'longshore_worker_memory_bytes{worker="worker-1",variant="cpu",state="free"} 6000000000',
    'longshore_worker_memory_bytes{worker="worker-10",variant="cuda",state="total"} 80000000000',
    'longshore_worker_memory_bytes{worker="worker-10",variant="cuda",state="free"} 80000000000',
    'longshore_worker_slots{worker="worker-1",variant="cpu"} 4',
    'longshore_worker_busy_slots{worker="worker-1",variant="cpu"} 3',
    'longshore_worker_sessions{worker="worker-1",variant="cpu"} 1',
    `longshore_worker_output_events_total{worker="worker-1",variant="cpu",model="${MODEL}"} ${tokens}`,
    `longshore_responses_total{gen_ai_request_model="${MODEL}",outcome="completed"} ${answers}`,
    `${ttft}_bucket{le="0.1",gen_ai_request_model="${MODEL}"} ${fast}`,
    `${ttft}_bucket{le="1",gen_ai_request_model="${MODEL}"} ${all}`,
    `${ttft}_bucket{le="+Inf",gen_ai_request_model="${MODEL}"} ${all}`,
  ].join('\n');
}

const before = new Scrape(metrics({ tokens: 1_000, answers: 10, fast: 5, all: 10 }), RUNNING, 0);
const after = new Scrape(metrics({ tokens: 3_000, answers: 14, fast: 5, all: 14 }), RUNNING, 2_000);

describe('metrics in the text format of Prometheus', () => {
  it('are read with labels, escapes, exponents and infinities', () => {
    const text = 'a 1\nb{x="1",y="a\\"b\\\\c\\nd"} 2.5e3 1700000000000\nc_bucket{le="+Inf"} +Inf\n';
    expect(parseMetrics(text)).toEqual([
      { name: 'a', labels: {}, value: 1 },
      { name: 'b', labels: { x: '1', y: 'a"b\\c\nd' }, value: 2500 },
      { name: 'c_bucket', labels: { le: '+Inf' }, value: Infinity },
    ]);
  });

  it('leave out what is none', () => {
    expect(parseMetrics('# TYPE a counter\n\na\nb NaN\n<html>\n1x 3')).toEqual([]);
  });
});

describe('a snapshot', () => {
  it('counts rates and quantiles between two scrapes', () => {
    const snapshot = takeSnapshot(before, after);
    expect(snapshot.tokens_per_second).toBe(1_000);
    expect(snapshot.gateway).toMatchObject({
      requests_per_second: 2,
      refused_per_second: 0,
      open_streams: 2,
    });
    // All four were slower than 0.1 s: halfway from there to 1 s.
    expect(snapshot.gateway.first_token_ms).toEqual({ p50: 550, p95: 955 });
    expect(snapshot.models).toMatchObject([{ model: MODEL, waiting: 3, active: 4, workers: 2 }]);
  });

  it('has no rates before there is something to compare', () => {
    const { tokens_per_second: tokens, gateway } = takeSnapshot(undefined, after);
    expect([tokens, gateway.requests_per_second, gateway.first_token_ms.p50]).toEqual([null, null, null]);
  });

  it('does not compare two gateways behind one address, whose counters are their own', () => {
    const other = new Scrape(
      metrics({ tokens: 3_000, answers: 2, fast: 0, all: 1, started: 2 }),
      RUNNING,
      2_000,
    );
    const { tokens_per_second: tokens, gateway } = takeSnapshot(before, other);
    expect(tokens).toBe(1_000);
    expect(gateway.requests_per_second).toBeNull();
  });

  it('counts a counter that has begun anew from 0', () => {
    const anew = new Scrape(metrics({ tokens: 500, answers: 10, fast: 5, all: 10 }), RUNNING, 1_000);
    expect(takeSnapshot(before, anew).tokens_per_second).toBe(500);
  });
});

describe('the view of a cluster', () => {
  const render = (columns?: number, scrape = after): string[] =>
    renderSnapshot(takeSnapshot(before, scrape), {
      address: 'http://gateway:12434',
      colours: coloursFor(false),
      ...(columns !== undefined && { columns }),
    });

  it('shows workers and models in tables', () => {
    expect(render().join('\n')).toBe(
      [
        'Longshore at http://gateway:12434: 2 workers, 3 of 4 slots busy, 3 waiting',
        '1.0K tokens/s   first token 550 ms (p95 955 ms)',
        '2.0 requests/s   0.0 refused/s   0.0 failed/s   2 open streams',
        '',
        'WORKER     VARIANT  ENGINES    SESSIONS  SLOTS  MEMORY         TOKENS/S',
        'worker-1   cpu      llama.cpp  1         3/4    2.00GB/8.00GB  1.0K',
        'worker-10  cuda     llama.cpp  ?         ?      0.00B/80.00GB  0.0',
        '',
        'MODEL    WAITING  ACTIVE  WORKERS  TOKENS/S  TOKEN P50  TOKEN P95',
        'smollm2  3        4       2        1.0K      –          –',
      ].join('\n'),
    );
  });

  it.each([120, 70, 50, 30, 12, 1])('fits into %i columns', (columns) => {
    const lines = render(columns);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
  });

  it('keeps what matters most where there is little room', () => {
    expect(render(30).join('\n')).toMatch(/WORKER.*SLOTS.*TOKENS\/S/);
  });

  it('shows a model without a name by the beginning of its id', () => {
    const queue = `longshore_queue_requests{variant="cpu",gen_ai_request_model="sha256:${'0123456789abcdef'.repeat(4)}",mode="completion",state="waiting"} 1`;
    expect(render(80, new Scrape(queue, [], 2_000)).at(-1)).toMatch(/^0123456789ab {2}1 /);
  });

  it('says what is missing', () => {
    const empty = new Scrape('longshore_redis_up 0\n', [], 2_000);
    expect(render(80, empty).slice(3)).toEqual([
      'Redis does not answer: queues are not known.',
      '',
      'No worker is alive.',
      '',
      'No model is loaded, and nothing waits.',
    ]);
  });
});
