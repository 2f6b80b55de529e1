import { sortedPercentile } from '../measure/statistics.js';
import { readStamps } from './event-counter.js';
import type { LoadReport, Percentiles } from './load.js';

/** Adds up what all clients of one load see. All times in µs of the monotonic clock. */
export class LoadTally {
  private readonly firstToken: number[] = [];
  private readonly latencies: number[] = [];
  private readonly failures: Record<string, number> = {};
  private requests = 0;
  private events = 0;
  private onTime = 0;
  private allRequests = 0;
  private allEvents = 0;
  private allBytes = 0;

  constructor(
    private readonly windowFrom: number,
    private readonly windowTo: number,
    private readonly onTimeMs: number,
  ) {}

  addBytes(bytes: Buffer, events: number, now: number): void {
    this.allBytes += bytes.length;
    this.allEvents += events;
    if (!this.inWindow(now)) return;
    this.events += events;
    for (const stamp of readStamps(bytes)) {
      const latency = (now - stamp) / 1_000;
      this.latencies.push(latency);
      if (latency <= this.onTimeMs) this.onTime++;
    }
  }

  addFirstToken(sentAt: number, now: number): void {
    if (this.inWindow(sentAt)) this.firstToken.push((now - sentAt) / 1_000);
  }

  addEnd(now: number): void {
    this.allRequests++;
    if (this.inWindow(now)) this.requests++;
  }

  addFailure(sentence: string): void {
    this.failures[sentence] = (this.failures[sentence] ?? 0) + 1;
  }

  report(): LoadReport {
    return {
      windowMs: (this.windowTo - this.windowFrom) / 1_000,
      requests: this.requests,
      events: this.events,
      firstToken: summarize(this.firstToken),
      tokenLatency: summarize(this.latencies),
      onTime: this.latencies.length === 0 ? Number.NaN : this.onTime / this.latencies.length,
      allRequests: this.allRequests,
      allEvents: this.allEvents,
      allBytes: this.allBytes,
      failures: this.failures,
    };
  }

  private inWindow(time: number): boolean {
    return time >= this.windowFrom && time < this.windowTo;
  }
}

function summarize(values: readonly number[]): Percentiles {
  const sorted = Float64Array.from(values).sort();
  return { p50: sortedPercentile(sorted, 0.5), p99: sortedPercentile(sorted, 0.99), count: sorted.length };
}
