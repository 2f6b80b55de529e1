import type { RunningModel } from '../client/wire.js';
import { Rates } from './rates.js';
import type { Scrape } from './scrape.js';

/** A cluster at one time, as `longshore top` shows it. Rates and times are null while nothing is known of them. */
export interface Snapshot {
  readonly redis_up: boolean;
  readonly workers: readonly WorkerView[];
  readonly models: readonly ModelView[];
  /** Tokens a second of the whole cluster, one event of a stream counted as one. */
  readonly tokens_per_second: number | null;
  /** Of the gateway that answered. */
  readonly gateway: {
    readonly requests_per_second: number | null;
    readonly refused_per_second: number | null;
    readonly failed_per_second: number | null;
    readonly open_streams: number;
    /** ms. */
    readonly first_token_ms: Quantiles;
  };
}

export interface Quantiles {
  readonly p50: number | null;
  readonly p95: number | null;
}

export interface WorkerView {
  readonly worker: string;
  readonly variant: string;
  /** Those that have a model. */
  readonly engines: readonly string[];
  readonly sessions: number;
  readonly busy_slots: number;
  readonly slots: number;
  /** Bytes. */
  readonly memory_used: number | null;
  readonly memory_total: number | null;
  readonly tokens_per_second: number | null;
  /** Whether it told its metrics. */
  readonly answered: boolean;
}

export interface ModelView {
  readonly model: string;
  readonly waiting: number;
  readonly active: number;
  /** How many workers have it in an engine. */
  readonly workers: number;
  readonly loading: boolean;
  readonly tokens_per_second: number | null;
  /** Mean time between two tokens; ms. */
  readonly token_ms: Quantiles;
}

/** @param earlier a scrape of the same gateway, which rates are counted from */
export function takeSnapshot(earlier: Scrape | undefined, later: Scrape): Snapshot {
  const comparable = earlier?.gateway === later.gateway ? earlier : undefined;
  const rates = new Rates(earlier, later);
  const ofGateway = new Rates(comparable, later);
  return {
    redis_up: later.sum('longshore_redis_up') !== 0,
    workers: workersOf(later, rates),
    models: modelsOf(later, rates),
    tokens_per_second: known(rates.perSecond('longshore_worker_output_events_total')),
    gateway: {
      requests_per_second: known(ofGateway.perSecond('longshore_responses_total')),
      refused_per_second: known(ofGateway.perSecond('longshore_refused_requests_total')),
      failed_per_second: known(ofGateway.perSecond('longshore_responses_total', { outcome: 'failed' })),
      open_streams: later.sum('longshore_open_responses') ?? 0,
      first_token_ms: quantiles(ofGateway, 'gen_ai_server_time_to_first_token_seconds'),
    },
  };
}

function workersOf(scrape: Scrape, rates: Rates): WorkerView[] {
  const names = new Map<string, string>();
  for (const metric of ['longshore_worker_memory_bytes', 'longshore_worker_slots'])
    for (const { labels } of scrape.of(metric)) names.set(labels['worker'] ?? '', labels['variant'] ?? '');
  return [...names]
    .toSorted(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
    .map(([worker, variant]) => {
      const total = scrape.sum('longshore_worker_memory_bytes', { worker, state: 'total' });
      const free = scrape.sum('longshore_worker_memory_bytes', { worker, state: 'free' });
      const held = scrape.running.filter(({ workers = [] }) => workers.includes(worker));
      return {
        worker,
        variant,
        engines: [...new Set(held.map(({ backend_name: engine }) => engine))].toSorted(),
        sessions: scrape.sum('longshore_worker_sessions', { worker }) ?? held.length,
        busy_slots: scrape.sum('longshore_worker_busy_slots', { worker }) ?? 0,
        slots: scrape.sum('longshore_worker_slots', { worker }) ?? 0,
        memory_used: total === undefined || free === undefined ? null : total - free,
        memory_total: total ?? null,
        tokens_per_second: known(rates.perSecond('longshore_worker_output_events_total', { worker })),
        answered: scrape.sum('longshore_worker_slots', { worker }) !== undefined,
      };
    });
}

function modelsOf(scrape: Scrape, rates: Rates): ModelView[] {
  const queued = scrape
    .of('longshore_queue_requests')
    .flatMap(({ labels }) => labels['gen_ai_request_model'] ?? []);
  const names = new Set([...scrape.running.map(({ model_name: name }) => name), ...queued]);
  return [...names].toSorted().map((model) => {
    const held = scrape.running.filter(({ model_name: name }) => name === model);
    const inQueue = (state: string): number =>
      scrape.sum('longshore_queue_requests', { gen_ai_request_model: model, state }) ?? 0;
    return {
      model,
      waiting: inQueue('waiting'),
      active: inQueue('active'),
      workers: new Set(held.flatMap(({ workers = [] }) => workers)).size,
      loading: held.some(isLoading),
      tokens_per_second: known(rates.perSecond('longshore_worker_output_events_total', { model })),
      token_ms: quantiles(rates, 'gen_ai_server_time_per_output_token_seconds', { model }),
    };
  });
}

function isLoading({ loading }: RunningModel): boolean {
  return loading === true;
}

function quantiles(rates: Rates, name: string, labels: Readonly<Record<string, string>> = {}): Quantiles {
  const ms = (share: number): number | null => {
    const seconds = rates.quantile(name, share, labels);
    return seconds === undefined ? null : Math.round(seconds * 10_000) / 10;
  };
  return { p50: ms(0.5), p95: ms(0.95) };
}

function known(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value * 100) / 100;
}
