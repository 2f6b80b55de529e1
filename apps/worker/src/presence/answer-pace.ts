import type { WorkerMetrics } from '#observability';

const EVENT_END = Buffer.from('\n\n');

/** How fast one answer is made. An engine sends about one event for each token. */
export class AnswerPace {
  private events = 0;
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
  }

  /** To be called once, when nothing more comes. */
  end(): void {
    if (this.events === 0) return;
    const labels = { model: this.modelId };
    this.metrics.outputEvents.inc(labels, this.events);
    if (this.events < 2) return;
    this.metrics.timePerOutputToken.observe(labels, (this.lastAt - this.firstAt) / (this.events - 1) / 1_000);
  }
}
