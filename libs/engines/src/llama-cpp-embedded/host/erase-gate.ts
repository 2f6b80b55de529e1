/**
 * Lets an erase through while streams run. The library erases only when no sequence has work queued, which under load
 * is never; so every stream asks here before it queues its next token, and stands still while an erase is pending. The
 * queue then drains within one step, the erase runs, and the streams go on.
 */
export class EraseGate {
  #pending = 0;
  #opened: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;

  /** Resolves when no erase is pending. */
  async whenOpen(): Promise<void> {
    while (this.#pending > 0) await this.#opened;
  }

  /** Holds the streams until `erase` has settled. Erases may overlap. */
  async erase(erase: () => Promise<void>): Promise<void> {
    if (this.#pending === 0) this.#opened = new Promise((resolve) => (this.#open = resolve));
    this.#pending += 1;
    try {
      await erase();
    } finally {
      this.#pending -= 1;
      if (this.#pending === 0) this.#open();
    }
  }
}
