import type { Colours } from '../output/colours.js';
import { shortModelId, shortModelName } from '../output/model-name.js';
import { formatTable } from '../output/table.js';
import { humanCount, humanSize } from '../output/units.js';
import type { ModelView, Quantiles, Snapshot, WorkerView } from './snapshot.js';

export interface RenderOptions {
  /** Of the cluster. */
  readonly address: string;
  /** Characters that a line may have; absent = any number. */
  readonly columns?: number;
  readonly colours: Colours;
  readonly defaultRegistry?: string;
}

const WORKER_HEADER = ['WORKER', 'VARIANT', 'ENGINES', 'SESSIONS', 'SLOTS', 'MEMORY', 'TOKENS/S'] as const;
const MODEL_HEADER = ['MODEL', 'WAITING', 'ACTIVE', 'WORKERS', 'TOKENS/S', 'TOKEN P50', 'TOKEN P95'] as const;

/** In a narrow terminal these go first, in this order. */
const SPARED: readonly string[] = [
  'ENGINES',
  'TOKEN P95',
  'VARIANT',
  'TOKEN P50',
  'MEMORY',
  'SESSIONS',
  'WORKERS',
];

/** The lines of a snapshot, each no longer than `columns`. */
export function renderSnapshot(snapshot: Snapshot, options: RenderOptions): string[] {
  const { columns = Infinity, colours, defaultRegistry } = options;
  const table = (header: readonly string[], rows: readonly (readonly string[])[]): string[] => {
    const [head = '', ...lines] = fitTable(header, rows, columns);
    return [colours.bold(cut(head, columns)), ...lines.map((line) => cut(line, columns))];
  };
  const workers = snapshot.workers.map(workerRow);
  const models = snapshot.models.map((model) => modelRow(model, defaultRegistry));
  return [
    ...headLines(snapshot, options).map((line) => cut(line, columns)),
    ...(snapshot.redis_up ? [] : [colours.red(cut('Redis does not answer: queues are not known.', columns))]),
    '',
    ...(workers.length > 0
      ? table(WORKER_HEADER, workers)
      : [colours.yellow(cut('No worker is alive.', columns))]),
    '',
    ...(models.length > 0
      ? table(MODEL_HEADER, models)
      : [cut('No model is loaded, and nothing waits.', columns)]),
  ];
}

function headLines(
  { workers, models, tokens_per_second: tokens, gateway }: Snapshot,
  { address }: RenderOptions,
) {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const busy = sum(workers.map(({ busy_slots: slots }) => slots));
  const slots = sum(workers.map(({ slots: all }) => all));
  const waiting = sum(models.map((model) => model.waiting));
  const { requests_per_second: requests, refused_per_second: refused, failed_per_second: failed } = gateway;
  const { p50, p95 } = gateway.first_token_ms;
  return [
    `Longshore at ${address}: ${count(workers.length, 'worker')}, ${busy} of ${count(slots, 'slot')} busy, ${waiting} waiting`,
    `${rate(tokens)} tokens/s   first token ${ms(p50)} (p95 ${ms(p95)})`,
    `${rate(requests)} requests/s   ${rate(refused)} refused/s   ${rate(failed)} failed/s   ${count(gateway.open_streams, 'open stream')}`,
  ];
}

function workerRow(worker: WorkerView): string[] {
  const { memory_used: used, memory_total: total } = worker;
  return [
    worker.worker,
    worker.variant,
    worker.engines.join(', '),
    worker.answered ? String(worker.sessions) : '?',
    worker.answered ? `${worker.busy_slots}/${worker.slots}` : '?',
    used === null || total === null ? '' : `${humanSize(used)}/${humanSize(total)}`,
    rate(worker.tokens_per_second),
  ];
}

function modelRow(model: ModelView, defaultRegistry?: string): string[] {
  const { p50, p95 }: Quantiles = model.token_ms;
  return [
    model.model.startsWith('sha256:')
      ? shortModelId(model.model)
      : shortModelName(model.model, defaultRegistry),
    String(model.waiting),
    String(model.active),
    model.loading && model.workers <= 1 ? 'loading' : String(model.workers),
    rate(model.tokens_per_second),
    ms(p50),
    ms(p95),
  ];
}

function fitTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number,
): string[] {
  let shown = [...header.keys()];
  for (;;) {
    const pick = (cells: readonly string[]): string[] => shown.map((index) => cells[index] ?? '');
    const lines = formatTable(pick(header), rows.map(pick)).split('\n');
    const spared = SPARED.map((name) => header.indexOf(name)).find((index) => shown.includes(index));
    if (spared === undefined || Math.max(...lines.map((line) => line.length)) <= columns) return lines;
    shown = shown.filter((index) => index !== spared);
  }
}

function cut(line: string, columns: number): string {
  return line.length <= columns ? line : `${line.slice(0, Math.max(0, columns - 1))}…`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function rate(value: number | null): string {
  if (value === null) return '–';
  return value >= 1_000 ? humanCount(value) : value.toFixed(value >= 100 ? 0 : 1);
}

function ms(value: number | null): string {
  if (value === null) return '–';
  return value >= 1_000 ? `${(value / 1_000).toFixed(1)} s` : `${value >= 10 ? Math.round(value) : value} ms`;
}
