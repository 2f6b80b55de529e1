/** Share of the latest request in the mean. */
const WEIGHT = 0.2;

/** How fast a session finishes requests, by how long the latest ones took. */
export class DrainRate {
  private mean: number | undefined;

  /** A request was answered. @param duration ms */
  note(duration: number): void {
    this.mean = this.mean === undefined ? duration : this.mean + WEIGHT * (duration - this.mean);
  }

  /** Requests it can be expected to finish in a second with all slots busy; undefined while nothing is known. */
  of(slots: number): number | undefined {
    if (this.mean === undefined) return undefined;
    return (1_000 * slots) / Math.max(this.mean, 1);
  }
}
