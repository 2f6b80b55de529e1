/** Bytes published to a gateway between two looks at what Redis still holds for it. */
const LOOK_INTERVAL_BYTES = 128 * 1024;

/** Bytes that may be written without knowing more than the last look has told. */
const UNSEEN_LIMIT_BYTES = 256 * 1024;

/** Bytes held for a gateway above which it is not given more. Redis cuts off those that it holds megabytes for. */
const HELD_LIMIT_BYTES = 256 * 1024;

/** Time between two looks at a gateway that is behind: at first short, for it usually reads while it is looked; ms. */
const SHORTEST_RETRY_MS = 1;
const LONGEST_RETRY_MS = 20;

/** A gateway that has read nothing for so long is not slow but gone, and nobody waits for it: Redis may cut it off; ms. */
const PATIENCE_MS = 2_000;

/** @returns bytes that Redis holds for a gateway; undefined when it does not say */
export type LookAtHeld = () => Promise<number | undefined>;

/**
 * How far a gateway is behind with reading what is published to it. Publishing knows nothing of slow subscribers: Redis
 * keeps what they have not read, and cuts them off when that is too much. So after some hundred kilobytes it is looked
 * how much that is; as long as it is a lot and gets less, or nobody knows, the gateway counts as behind. Answers at the pace of
 * reading people cause a look every few thousand tokens.
 */
export class Backlog {
  /** Written since the last look began. */
  private unseen = 0;
  private held = 0;
  /** When it was last seen to read while much was held; on the clock of `performance.now()`. */
  private readAt = 0;
  private looking = false;
  private retry = SHORTEST_RETRY_MS;

  constructor(private readonly look: LookAtHeld) {}

  /** True while the gateway should not be given more. */
  get behind(): boolean {
    if (this.unseen > UNSEEN_LIMIT_BYTES) return true;
    return this.held > HELD_LIMIT_BYTES && performance.now() - this.readAt < PATIENCE_MS;
  }

  /** Tells of bytes that are about to be published. */
  add(bytes: number): void {
    this.unseen += bytes;
  }

  /** All that was added has been handed to Redis, so that a look would see it. */
  published(): void {
    if (this.unseen > LOOK_INTERVAL_BYTES && !this.looking) void this.update();
  }

  private async update(): Promise<void> {
    this.looking = true;
    const before = this.unseen;
    const held = (await this.look().catch(() => undefined)) ?? 0;
    if (held < this.held || this.held <= HELD_LIMIT_BYTES) this.readAt = performance.now();
    this.held = held;
    this.unseen -= before;
    this.looking = false;
    if (!this.behind) {
      this.retry = SHORTEST_RETRY_MS;
      return;
    }
    setTimeout(() => this.looking || void this.update(), this.retry).unref();
    this.retry = Math.min(2 * this.retry, LONGEST_RETRY_MS);
  }
}
