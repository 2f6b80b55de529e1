/** A stream as its client saw it. Times on the clock of `performance.now()`. */
export interface StreamTimes {
  /** When each event came, in order. */
  readonly arrivals: readonly number[];
  /** Absent while it is open. */
  readonly endedAt?: number | undefined;
}

export interface FaultTimes {
  readonly hitAt: number;
  readonly healedAt: number;
  readonly overAt: number;
}

/** True for a stream that had begun when the fault hit, and had not ended. */
export function isAffected({ arrivals, endedAt = Infinity }: StreamTimes, { hitAt }: FaultTimes): boolean {
  return (arrivals[0] ?? Infinity) <= hitAt && endedAt > hitAt;
}

/** The longest gap between two events of a stream that touches the time of a fault, less its usual gap; ms. */
export function stallOf({ arrivals, endedAt }: StreamTimes, { hitAt, overAt }: FaultTimes): number {
  const all = endedAt === undefined ? arrivals : [...arrivals, endedAt];
  const gaps = all.slice(1).map((at, index) => ({ from: all[index] ?? at, to: at }));
  const touching = gaps.filter(({ from, to }) => to > hitAt && from < overAt).map(lengthOf);
  return Math.max(0, Math.max(0, ...touching) - middle(gaps.map(lengthOf)));
}

/** From the end of a fault to the next event of a stream that had not ended by then; ms. */
export function recoveryOf({ arrivals, endedAt = Infinity }: StreamTimes, { healedAt }: FaultTimes): number {
  if (endedAt <= healedAt) return 0;
  return (arrivals.find((at) => at >= healedAt) ?? endedAt) - healedAt;
}

function lengthOf({ from, to }: { readonly from: number; readonly to: number }): number {
  return to - from;
}

function middle(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}
