import { median } from '../measure/statistics.js';
import { atLeast, atMost, type Line } from '../report/line.js';
import type { Direction, TransferRun } from './transfer-run.js';

const MEGABYTE = 1_000_000;
const MEBIBYTE = 1024 * 1024;
const GIBIBYTE = 1024 * MEBIBYTE;

/** To build towards. */
const MOST_TIMES_CURL = 2.6;
const LEAST_TIMES_SKOPEO = 2;
const MOST_MEMORY_MB = 150;

const TITLES = { pull: 'Pulling', push: 'Pushing' };

/** Medians of the rounds. @param size bytes of the blob */
export function transferLines(runs: readonly TransferRun[], size: number): readonly Line[] {
  return (['pull', 'push'] as const).flatMap((direction) => linesOf(runs, direction, size));
}

export function refetchLine(bytes: number, limitBytes: number): Line {
  return {
    section: 'Resuming after kill -9',
    what: 'fetched a second time',
    result: bytes / MEBIBYTE,
    unit: 'MiB',
    target: atMost(limitBytes / MEBIBYTE),
  };
}

function linesOf(runs: readonly TransferRun[], direction: Direction, size: number): Line[] {
  const section = `${TITLES[direction]} a blob of ${size / MEBIBYTE} MiB`;
  const names = [...new Set(runs.map(({ contender }) => contender))];
  const of = (name: string): Medians => medians(runs, direction, name);
  const ours = of('ours');
  const each = names.flatMap((name): Line[] => {
    const { elapsedMs, cpuMs, peakBytes } = of(name);
    const memory = peakBytes / MEGABYTE;
    return [
      { section, what: `${name}, speed`, result: size / MEGABYTE / (elapsedMs / 1_000), unit: 'MB/s' },
      {
        section,
        what: `${name}, CPU each GiB`,
        result: (cpuMs / 1_000) * (GIBIBYTE / size),
        unit: 's',
      },
      {
        section,
        what: `${name}, peak memory`,
        result: memory,
        unit: 'MB',
        ...(name === 'ours' && { target: atMost(MOST_MEMORY_MB) }),
      },
    ];
  });
  return [...each, ...comparisons(section, ours, { names, of })];
}

interface Others {
  readonly names: readonly string[];
  readonly of: (name: string) => Medians;
}

function comparisons(section: string, ours: Medians, { names, of }: Others): Line[] {
  const lines: Line[] = [];
  if (names.includes('curl')) {
    const result = ours.elapsedMs / of('curl').elapsedMs;
    const what = 'time of ours ÷ curl, which checks nothing';
    lines.push({ section, what, result, unit: '', target: atMost(MOST_TIMES_CURL) });
  }
  if (names.includes('skopeo')) {
    const result = of('skopeo').elapsedMs / ours.elapsedMs;
    const what = 'speed of ours ÷ skopeo';
    lines.push({ section, what, result, unit: '', target: atLeast(LEAST_TIMES_SKOPEO) });
  }
  return lines;
}

type Medians = TransferRun['cost'];

function medians(runs: readonly TransferRun[], direction: Direction, name: string): Medians {
  const costs = runs
    .filter((run) => run.direction === direction && run.contender === name)
    .map(({ cost }) => cost);
  const middle = (value: keyof Medians): number => median(costs.map((cost) => cost[value]));
  return { elapsedMs: middle('elapsedMs'), cpuMs: middle('cpuMs'), peakBytes: middle('peakBytes') };
}
