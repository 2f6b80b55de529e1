import { allCommands, scriptCalls, withoutIdle } from '../measure/redis-usage.js';
import type { Line } from '../report/line.js';
import { type Bench, foreignCores, idleShare, middle, type Pair } from './bench.js';

/** What a run is counted by. */
export interface CostUnit {
  /** `request` or `token`. */
  readonly each: string;
  readonly count: (pair: Pair) => number;
}

/** CPU of each party and work of Redis, of the cluster's side, for each request or token. */
export function costLines(bench: Bench, title: string, pairs: readonly Pair[], unit: CostUnit): Line[] {
  const { each, count } = unit;
  const perUnit = (measure: (pair: Pair) => number): number =>
    middle(pairs, (pair) => measure(pair) / count(pair));
  const redis = ({ cluster }: Pair) => {
    const idle = idleShare(bench, cluster);
    return withoutIdle(cluster.cost.redis, idle.usage, idle.share);
  };
  const cpu = (['gateway', 'worker', 'redis', 'engine'] as const).map((party) => ({
    what: `CPU of the ${party === 'redis' ? 'Redis' : party}, each ${each}`,
    result: perUnit(({ cluster }) => cluster.cost.cpu[party]) * 1_000,
    unit: 'µs',
  }));
  const counts = [
    { what: 'commands, those in scripts included', result: perUnit((pair) => allCommands(redis(pair))) },
    { what: 'calls of scripts', result: perUnit((pair) => scriptCalls(redis(pair))) },
    { what: 'messages published', result: perUnit((pair) => redis(pair).calls['publish'] ?? 0) },
    { what: 'bytes in', result: perUnit((pair) => redis(pair).bytesIn) },
    { what: 'bytes out', result: perUnit((pair) => redis(pair).bytesOut) },
  ].map(({ what, result }) => ({ what: `Redis ${what}, each ${each}`, result, unit: '' }));
  const foreign = foreignCores(pairs);
  return [...cpu, ...counts].map((line) => ({ section: title, foreign, ...line }));
}
