/** What one concurrency did; the names are those of the Model Runner's own bench. */
export interface BenchResult {
  readonly Concurrency: number;
  readonly MeanRPS: number;
  readonly TotalTokens: number;
  /** Tokens a second, over all requests. */
  readonly TPS: number;
  /** ns. */
  readonly TotalTime: number;
  readonly Requests: number;
  /** Tokens of each answer. */
  readonly TokenCounts: readonly number[];
  /** Requests that were not answered. */
  readonly Failures: number;
  /** ms from request to answer, in the middle and of the slowest twentieth. */
  readonly LatencyP50: number;
  readonly LatencyP95: number;
}

export interface Measurement {
  readonly concurrency: number;
  /** No request is begun after this time; ms. */
  readonly durationMs: number;
  /** Asks once; resolves with the tokens of the answer. */
  readonly ask: () => Promise<number>;
  readonly onFailure: (error: unknown) => void;
  /** Ends the measurement. */
  readonly signal: AbortSignal;
}

/** Keeps `concurrency` requests under way for the time; those begun are waited for. @throws the signal's reason */
export async function measure(measurement: Measurement): Promise<BenchResult> {
  const { concurrency, durationMs, ask, onFailure, signal } = measurement;
  const tokens: number[] = [];
  const latencies: number[] = [];
  let failures = 0;
  const started = performance.now();
  const loop = async (): Promise<void> => {
    do {
      const begun = performance.now();
      try {
        tokens.push(await ask());
        latencies.push(performance.now() - begun);
      } catch (error) {
        signal.throwIfAborted();
        onFailure(error);
        // What cannot be answered now is not asked as fast as it can be refused.
        await new Promise((resolve) => setTimeout(resolve, FAILURE_PAUSE_MS));
        failures += 1;
      }
    } while (performance.now() - started < durationMs);
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  return summarize({ concurrency, tokens, latencies, failures, elapsedMs: performance.now() - started });
}

const FAILURE_PAUSE_MS = 100;

export interface Samples {
  readonly concurrency: number;
  readonly tokens: readonly number[];
  /** ms. */
  readonly latencies: readonly number[];
  readonly failures: number;
  readonly elapsedMs: number;
}

export function summarize({ concurrency, tokens, latencies, failures, elapsedMs }: Samples): BenchResult {
  const total = tokens.reduce((sum, count) => sum + count, 0);
  const seconds = elapsedMs / 1000;
  const sorted = latencies.toSorted((a, b) => a - b);
  return {
    Concurrency: concurrency,
    MeanRPS: tokens.length / seconds,
    TotalTokens: total,
    TPS: total / seconds,
    TotalTime: Math.round(elapsedMs * 1e6),
    Requests: tokens.length,
    TokenCounts: tokens,
    Failures: failures,
    LatencyP50: quantile(sorted, 0.5),
    LatencyP95: quantile(sorted, 0.95),
  };
}

/** 0 of nothing. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
