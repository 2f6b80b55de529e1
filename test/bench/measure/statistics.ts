/** The value below which that share of the values lies, by nearest rank. NaN without values. */
export function percentile(values: readonly number[], share: number): number {
  return sortedPercentile(
    [...values].sort((a, b) => a - b),
    share,
  );
}

/** Like `percentile`, for values in ascending order. */
export function sortedPercentile(sorted: ArrayLike<number>, share: number): number {
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

/** The mean of the two in the middle when their number is even. NaN without values; ignores NaN. */
export function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
