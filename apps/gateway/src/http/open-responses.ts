/** Weight of the newest duration in the running average. */
const SMOOTHING = 0.1;
const LONGEST_RETRY_AFTER_S = 60;

/** One response in progress; `end` it exactly once. */
export interface OpenResponse {
  end(): void;
}

/** Counts the responses a gateway has begun: bounds them, says when room is likely, and waits for the last one. */
export class OpenResponses {
  private count = 0;
  private averageDurationMs = 0;
  private onEmpty: (() => void) | undefined;

  constructor(
    private readonly limit: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  get size(): number {
    return this.count;
  }

  /** Undefined when the gateway holds as many as it may. */
  begin(): OpenResponse | undefined {
    if (this.count >= this.limit) return undefined;
    this.count++;
    const started = this.now();
    return { end: () => this.end(this.now() - started) };
  }

  /** Seconds until one of the open responses is likely to end: the average duration over how many there are. */
  retryAfter(): number {
    const seconds = this.averageDurationMs / 1_000 / Math.max(1, this.count);
    return Math.min(LONGEST_RETRY_AFTER_S, Math.max(1, Math.ceil(seconds)));
  }

  /** Resolves once no response is open, or after `limitMs`; tells how many are still open. */
  async drained(limitMs: number): Promise<number> {
    if (this.count === 0) return 0;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.onEmpty = undefined;
    return this.count;
  }

  private end(durationMs: number): void {
    this.count--;
    this.averageDurationMs =
      this.averageDurationMs === 0
        ? durationMs
        : this.averageDurationMs + SMOOTHING * (durationMs - this.averageDurationMs);
    if (this.count === 0) this.onEmpty?.();
  }
}
