import type { FaultScore, Totals } from './scoreboard.js';

/** Something that must hold. */
export interface Verdict {
  readonly what: string;
  readonly value: number;
  /** The most it may be, the tolerance included; Infinity where it must only be something. */
  readonly limit: number;
  readonly unit: string;
  readonly met: boolean;
}

export interface Judged {
  readonly totals: Totals;
  readonly faults: readonly FaultScore[];
  /** Things that were left behind. */
  readonly orphans: number;
  /** Factor on all limits of time; none on what must be nought. */
  readonly tolerance: number;
  /** The engine says all of an answer again, at its own pace, before another worker goes on with it. */
  readonly startsOver?: boolean;
}

const STALL_AFTER_DEATH_MS = 3_000;
const REDIS_BACK_MS = 2_000;
const IDLE_AFTER_HANG_UP_MS = 500;

export function judge({
  totals,
  faults,
  orphans,
  tolerance,
  startsOver = false,
}: Judged): readonly Verdict[] {
  const none = (what: string, value: number): Verdict => ({
    what,
    value,
    limit: 0,
    unit: '',
    met: value === 0,
  });
  const within = (what: string, values: readonly number[], limitMs: number): Verdict[] => {
    const limit = limitMs * tolerance;
    // What was not measured in this run, because no such fault hit a stream, is not judged; an engine that never
    // became idle is.
    return values.length === 0
      ? []
      : [{ what, value: worst(values), limit, unit: ' ms', met: worst(values) <= limit }];
  };
  const hit = faults.filter(({ streams }) => streams > 0);
  const deaths = startsOver ? [] : hit.filter(({ name }) => name === 'worker-kill');
  const redis = hit.filter(({ name }) => /^redis-\d+$/.test(name));
  return [
    {
      what: 'requests finished',
      value: totals.finished,
      limit: Infinity,
      unit: '',
      met: totals.finished > 0,
    },
    none('requests never let in', totals.unaccepted),
    none('requests lost', totals.lost + totals.pullsLost),
    none('bytes lost', totals.bytesLost),
    none('bytes repeated', totals.bytesRepeated),
    none('answers wrong', totals.wrong),
    none('left behind', orphans),
    ...within(
      'stall after the death of a worker, p99',
      deaths.map(({ stallP99 }) => stallP99),
      STALL_AFTER_DEATH_MS,
    ),
    ...within(
      'Redis back to every stream flowing',
      redis.map(({ recovery }) => recovery),
      REDIS_BACK_MS,
    ),
    ...within(
      'hang-up to idle engine',
      faults.flatMap(({ idleAfter }) => (idleAfter === undefined ? [] : [idleAfter])),
      IDLE_AFTER_HANG_UP_MS,
    ),
  ];
}

/** NaN when one of them is. */
function worst(values: readonly number[]): number {
  return Math.max(...values);
}
