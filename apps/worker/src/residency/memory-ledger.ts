/** What was learned is forgotten after this, because the machine may have changed; ms. */
const LESSON_LIFETIME_MS = 10 * 60 * 1_000;

/** A load that found too little memory. */
interface Lesson {
  /** Tokens; Infinity when it was left to the engine. */
  readonly contextSize: number;
  /** Bytes that seemed free before. */
  readonly free: number;
  /** ms since the epoch. */
  readonly at: number;
}

/** What models are estimated to take on one worker, and what loading them has taught. Bytes. */
export class MemoryLedger {
  private readonly entries = new Map<object, { bytes: number; starting: boolean }>();
  private readonly lessons = new Map<string, Lesson[]>();

  /** Estimates of sessions that are there. */
  get held(): number {
    return this.sum(false);
  }

  /** Estimates of sessions on their way. */
  get starting(): number {
    return this.sum(true);
  }

  /** A session is about to be started. */
  reserve(owner: object, bytes: number): void {
    this.entries.set(owner, { bytes, starting: true });
  }

  /** It has started. */
  settle(owner: object): void {
    const entry = this.entries.get(owner);
    if (entry !== undefined) entry.starting = false;
  }

  /** It is gone, or did not start. */
  release(owner: object): void {
    this.entries.delete(owner);
  }

  /** A model did not fit with a context when so much seemed free. */
  learn(queue: string, lesson: { contextSize: number | undefined; free: number; at: number }): void {
    const { contextSize = Infinity, free, at } = lesson;
    const kept = this.lessonsOf(queue, at);
    this.lessons.set(queue, [...kept, { contextSize, free, at }]);
  }

  /** What a model takes: as estimated, unless it is known to take more. Infinite when it never fitted. */
  need(queue: string, demand: { contextSize: number | undefined; estimate: number; now: number }): number {
    const { contextSize = Infinity, estimate, now } = demand;
    const known = this.lessonsOf(queue, now).filter((lesson) => lesson.contextSize <= contextSize);
    return Math.max(estimate, ...known.map(({ free }) => free + 1));
  }

  /** The first of these contexts that is not known to need more than is free; the last one when all are. */
  firstPromising(
    queue: string,
    { ladder, free, now }: { ladder: readonly (number | undefined)[]; free: number; now: number },
  ): number {
    const index = ladder.findIndex(
      (contextSize) => this.need(queue, { contextSize, estimate: 0, now }) <= free,
    );
    return index === -1 ? ladder.length - 1 : index;
  }

  /** It is to be run in another way, so what is known of it does not hold. */
  forget(queue: string): void {
    this.lessons.delete(queue);
  }

  private lessonsOf(queue: string, now: number): Lesson[] {
    return (this.lessons.get(queue) ?? []).filter(({ at }) => now - at < LESSON_LIFETIME_MS);
  }

  private sum(starting: boolean): number {
    return [...this.entries.values()].reduce(
      (sum, entry) => sum + (entry.starting === starting ? entry.bytes : 0),
      0,
    );
  }
}
