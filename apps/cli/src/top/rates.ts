import type { Sample } from './parse-metrics.js';
import type { Scrape } from './scrape.js';

/** What has changed between two scrapes. */
export class Rates {
  private readonly seconds: number;

  constructor(
    private readonly earlier: Scrape | undefined,
    private readonly later: Scrape,
  ) {
    this.seconds = earlier === undefined ? 0 : (later.at - earlier.at) / 1_000;
  }

  /** Growth of a counter in a second; undefined while there is nothing to compare. A counter that has begun anew counts from 0. */
  perSecond(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    if (this.earlier === undefined || this.seconds <= 0) return undefined;
    const wanted = Object.entries(labels);
    const grown = this.later
      .of(name)
      .filter((each) => wanted.every(([label, value]) => each.labels[label] === value))
      .reduce((sum, sample) => sum + this.growth(sample), 0);
    return grown / this.seconds;
  }

  /** A quantile of what a histogram has seen between the scrapes, in its unit; undefined when it has seen nothing. */
  quantile(name: string, share: number, labels: Readonly<Record<string, string>> = {}): number | undefined {
    if (this.earlier === undefined) return undefined;
    const wanted = Object.entries(labels);
    const buckets = new Map<number, number>();
    for (const sample of this.later.of(`${name}_bucket`)) {
      if (!wanted.every(([label, value]) => sample.labels[label] === value)) continue;
      const bound = sample.labels['le'] === '+Inf' ? Infinity : Number(sample.labels['le']);
      buckets.set(bound, (buckets.get(bound) ?? 0) + this.growth(sample));
    }
    return quantileOf(
      [...buckets].toSorted(([a], [b]) => a - b),
      share,
    );
  }

  private growth(sample: Sample): number {
    const before = this.earlier?.valueOf(sample) ?? 0;
    return sample.value < before ? sample.value : sample.value - before;
  }
}

/** @param buckets upper bounds, rising, with how many are not above them */
function quantileOf(buckets: readonly (readonly [number, number])[], share: number): number | undefined {
  const total = buckets.at(-1)?.[1] ?? 0;
  if (total <= 0) return undefined;
  const rank = share * total;
  let [lowerBound, below] = [0, 0];
  for (const [bound, count] of buckets) {
    if (count >= rank) {
      if (bound === Infinity) return lowerBound;
      const within = count - below;
      return within <= 0 ? bound : lowerBound + (bound - lowerBound) * ((rank - below) / within);
    }
    [lowerBound, below] = [bound, count];
  }
  return lowerBound;
}
