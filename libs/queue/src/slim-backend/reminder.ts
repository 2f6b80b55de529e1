/** Waits so long for a job to be kept no longer that it is so when it wakes somebody; ms. */
const MARGIN_MS = 1;

/**
 * Wakes a consumer later, for a job that nobody may take yet. Its own clock does it, because Redis ends a wait on the
 * millisecond only when it is busy. Where the process dies before, the next look for abandoned jobs wakes one.
 */
export class Reminder {
  private due: number | undefined;

  constructor(private readonly wake: () => Promise<unknown>) {}

  /** Wakes a consumer in so many ms, or earlier where it was to anyway. */
  remind(delay: number): void {
    const due = performance.now() + delay;
    if (this.due !== undefined && this.due <= due) return;
    this.due = due;
    setTimeout(() => {
      if (this.due === due) this.due = undefined;
      // Redis is away; whoever looks for abandoned jobs when it is back wakes a consumer.
      void this.wake().catch(() => undefined);
    }, delay + MARGIN_MS);
  }
}
