import { LongshoreError } from '#contracts';
import { Quarantine } from './quarantine.js';

/** A model that did not fit is left alone for this long, so that others can take it; ms. */
const TOO_LARGE_MS = 15_000;

/** A model that comes back from others each time is left alone for at most so long; ms. */
const LONGEST_TOO_LARGE_MS = 300_000;

/** After so long without coming back it may be left to others as if for the first time; ms. */
const MEMORY_MS = 2 * LONGEST_TOO_LARGE_MS;

/** The models a worker leaves alone for now: engines kept dying with them, or there was no memory for them. */
export class AvoidedModels {
  private readonly quarantine = new Quarantine();
  private readonly tooLarge = new Map<string, { readonly until: number; readonly error: LongshoreError }>();

  /** How often models that did not fit were left to others, and when last. */
  private readonly leftToOthers = new Map<string, { readonly times: number; readonly at: number }>();

  constructor(private readonly workerId: string) {}

  /** An engine died by itself. @returns for how long its model is left alone; ms, 0 when it is not */
  noteDeath(queue: string, now: number): number {
    return Math.max(0, this.quarantine.note(queue, now) - now);
  }

  /** A model did not fit. */
  noteTooLarge(queue: string, error: LongshoreError, now: number): void {
    this.tooLarge.set(queue, { until: now + TOO_LARGE_MS, error });
  }

  /**
   * A model that did not fit is to be tried by others. Each time it is left alone for longer, so that workers which all
   * lack memory do not hand it to each other for ever.
   */
  noteLeftToOthers(queue: string, now: number): void {
    const before = this.leftToOthers.get(queue);
    const times = before !== undefined && now - before.at < MEMORY_MS ? before.times + 1 : 0;
    this.leftToOthers.set(queue, { times, at: now });
    const shortage = this.tooLarge.get(queue);
    if (shortage === undefined) return;
    const pause = Math.min(TOO_LARGE_MS * 2 ** times, LONGEST_TOO_LARGE_MS);
    this.tooLarge.set(queue, { ...shortage, until: now + pause });
  }

  /** Memory was freed: what did not fit may. */
  roomMade(): void {
    this.tooLarge.clear();
  }

  /** It is to be run in another way. */
  reconfigured(queue: string): void {
    this.quarantine.forget(queue);
    this.tooLarge.delete(queue);
    this.leftToOthers.delete(queue);
  }

  /** For how long the model of this queue is still left alone; ms. */
  remaining(queue: string, now: number): number {
    const shortage = (this.tooLarge.get(queue)?.until ?? 0) - now;
    return Math.max(0, shortage, this.quarantine.remaining(queue, now));
  }

  queues(now: number): string[] {
    const large = [...this.tooLarge.keys()].filter((queue) => this.remaining(queue, now) > 0);
    return [...new Set([...this.quarantine.queues(now), ...large])];
  }

  /** What to tell those who wait for it when no other worker can load it either. */
  reasonFor(queue: string, now: number): LongshoreError {
    const shortage = this.tooLarge.get(queue);
    if (shortage !== undefined && shortage.until > now) return shortage.error;
    const seconds = Math.ceil(this.remaining(queue, now) / 1_000);
    return new LongshoreError(
      'load_failed',
      `Engines with this model keep ending on worker ${this.workerId}, which leaves it alone for ${seconds} s more, and no other worker can load it.`,
    );
  }
}
