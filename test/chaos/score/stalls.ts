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
export function stallOf(stream: StreamTimes, { hitAt, overAt }: FaultTimes): number {
  const gaps = gapsOf(stream);
  const touching = gaps.filter(({ from, to }) => to > hitAt && from < overAt).map(lengthOf);
  return Math.max(0, Math.max(0, ...touching) - middle(gaps.map(lengthOf)));
}

/** What was under way when a fault came may still arrive; ms. */
const UNDER_WAY_MS = 250;

/** From the end of a fault to when a stream that had not ended by then flows again; ms. */
export function recoveryOf(stream: StreamTimes, { healedAt }: FaultTimes): number {
  const pauses = gapsOf(stream).filter(
    (gap) => gap.from < healedAt + UNDER_WAY_MS && gap.to > healedAt && lengthOf(gap) > UNDER_WAY_MS,
  );
  const flowing = pauses.at(-1)?.to ?? stream.arrivals.find((at) => at >= healedAt) ?? healedAt;
  return flowing - healedAt;
}

/** True while a stream has said nothing that came after a fault. */
export function isWaiting({ arrivals, endedAt }: StreamTimes, healedAt: number): boolean {
  return endedAt === undefined && (arrivals.at(-1) ?? 0) < healedAt + UNDER_WAY_MS;
}

interface Gap {
  readonly from: number;
  readonly to: number;
}

function gapsOf({ arrivals, endedAt }: StreamTimes): Gap[] {
  const all = endedAt === undefined ? arrivals : [...arrivals, endedAt];
  return all.slice(1).map((at, index) => ({ from: all[index] ?? at, to: at }));
}

function lengthOf({ from, to }: Gap): number {
  return to - from;
}

function middle(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}
