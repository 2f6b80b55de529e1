import type { BenchSubject } from '../cluster/bench-cluster.js';
import type { LoadGenerator } from '../load/load-generator.js';
import type { Address, Load, LoadReport } from '../load/load.js';
import type { Cost, Meter } from '../measure/meter.js';
import { median } from '../measure/statistics.js';
import type { RedisUsage } from '../measure/redis-usage.js';

/** Straight to the engine, or through the cluster to the same engine. */
export type Side = 'direct' | 'cluster';

/** How long a run takes. */
export interface Scale {
  readonly rounds: number;
  /** Windows of measurement are multiplied by this. */
  readonly time: number;
}

/** What a row of the benchmark works with. */
export interface Bench {
  readonly subject: BenchSubject;
  readonly generator: LoadGenerator;
  readonly meter: Meter;
  readonly scale: Scale;
  /** What the cluster does for nobody, and in which time. */
  readonly idle: Cost;
  /** Keeps a run for the report. */
  readonly keep: (run: Run) => void;
}

/** One load on one side. */
export interface Run {
  readonly row: string;
  readonly side: Side;
  readonly round: number;
  readonly report: LoadReport;
  readonly cost: Cost;
}

/** Both sides in one round, one right after the other. */
export interface Pair {
  readonly direct: Run;
  readonly cluster: Run;
}

export interface Comparison {
  readonly row: string;
  readonly load: Omit<Load, 'address'>;
  /** See `LoadGenerator.run`. */
  readonly onTimeMs?: number;
  /** At most so many rounds, for rows that take long. */
  readonly rounds?: number;
}

/** Runs a load on both sides, round after round, in turning order so that neither side is always first. */
export async function compare(bench: Bench, comparison: Comparison): Promise<readonly Pair[]> {
  const pairs: Pair[] = [];
  const rounds = Math.min(bench.scale.rounds, comparison.rounds ?? Infinity);
  for (let round = 0; round < rounds; round++) {
    const order: readonly Side[] = round % 2 === 0 ? ['direct', 'cluster'] : ['cluster', 'direct'];
    const runs = new Map<Side, Run>();
    for (const side of order) runs.set(side, await run(bench, comparison, side, round));
    pairs.push({ direct: runs.get('direct') as Run, cluster: runs.get('cluster') as Run });
  }
  return pairs;
}

async function run(bench: Bench, comparison: Comparison, side: Side, round: number): Promise<Run> {
  const { row, load, onTimeMs } = comparison;
  const address: Address = bench.subject[side];
  const windowMs = load.windowMs * bench.scale.time;
  const { result: report, cost } = await bench.meter.during(() =>
    bench.generator.run({ ...load, windowMs, address }, onTimeMs),
  );
  const finished: Run = { row, side, round, report, cost };
  bench.keep(finished);
  return finished;
}

/** The middle of the rounds of what `measure` makes of each. */
export function middle(pairs: readonly Pair[], measure: (pair: Pair) => number): number {
  return median(pairs.map(measure));
}

/** Cores that others used during the rounds. */
export function foreignCores(pairs: readonly Pair[]): number {
  const costs = pairs.flatMap(({ direct, cluster }) => [direct.cost, cluster.cost]);
  return median(costs.map(({ cpu, elapsedMs }) => cpu.foreign / elapsedMs));
}

/** The share of a cluster's idle usage that falls into a run. */
export function idleShare(
  { idle }: Bench,
  { cost }: Run,
): { readonly usage: RedisUsage; readonly share: number } {
  return { usage: idle.redis, share: cost.elapsedMs / idle.elapsedMs };
}
