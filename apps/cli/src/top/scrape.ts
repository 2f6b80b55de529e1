import type { RunningModel } from '../client/wire.js';
import { parseMetrics, type Sample } from './parse-metrics.js';

const OURS = /^(?:longshore_|gen_ai_|process_start_time_seconds)/;

/** What a cluster said of itself at one time. */
export class Scrape {
  private readonly families = new Map<string, Sample[]>();
  private readonly values = new Map<string, number>();

  constructor(
    metrics: string,
    readonly running: readonly RunningModel[],
    /** ms, by a clock that never goes back. */
    readonly at: number,
  ) {
    for (const sample of parseMetrics(metrics, OURS)) {
      this.values.set(keyOf(sample), sample.value);
      const family = this.families.get(sample.name);
      if (family === undefined) this.families.set(sample.name, [sample]);
      else family.push(sample);
    }
  }

  of(name: string): readonly Sample[] {
    return this.families.get(name) ?? [];
  }

  /** What the sample of the same name and labels was here. */
  valueOf(sample: Sample): number | undefined {
    return this.values.get(keyOf(sample));
  }

  /** Which gateway process has answered: its counters can only be compared with its own. */
  get gateway(): string {
    return String(this.of('process_start_time_seconds')[0]?.value ?? '');
  }

  /** The sum of the samples that have these labels; undefined when there are none. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const wanted = Object.entries(labels);
    const found = this.of(name).filter((each) =>
      wanted.every(([label, value]) => each.labels[label] === value),
    );
    return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
  }
}

function keyOf({ name, labels }: Sample): string {
  return name + JSON.stringify(labels);
}
