import type { WorkerMetrics } from '#observability';

const EVENT_END = Buffer.from('\n\n');

/** A long answer is counted as it is made, so often; ms. */
const TELL_INTERVAL_MS = 500;

/** How fast one answer is made. An engine sends about one event for each token. */
export class AnswerPace {
  private events = 0;
  private told = 0;
  private toldAt = -Infinity;
  private firstAt = 0;
  private lastAt = 0;

  constructor(
    private readonly metrics: Pick<WorkerMetrics, 'outputEvents' | 'timePerOutputToken'>,
    private readonly modelId: string,
  ) {}

  /** @param whole events, none of them cut @param now ms of a clock that is never put back */
  take(whole: Buffer, now: number): void {
    if (this.events === 0) this.firstAt = now;
    this.lastAt = now;
    for (let at = whole.indexOf(EVENT_END); at >= 0; at = whole.indexOf(EVENT_END, at + 2)) this.events++;
    if (now - this.toldAt >= TELL_INTERVAL_MS) this.tell(now);
  }

  /** To be called once, when nothing more comes. */
  end(): void {
    if (this.events === 0) return;
    this.tell(this.lastAt);
    if (this.events < 2) return;
    const mean = (this.lastAt - this.firstAt) / (this.events - 1) / 1_000;
    this.metrics.timePerOutputToken.observe({ model: this.modelId }, mean);
  }

  private tell(now: number): void {
    if (this.events > this.told)
      this.metrics.outputEvents.inc({ model: this.modelId }, this.events - this.told);
    this.told = this.events;
    this.toldAt = now;
  }
}
