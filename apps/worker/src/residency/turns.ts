import { unlessAborted } from './unless-aborted.js';

/** Lets one at a time pass, in the order of asking. */
export class Turns {
  private last: Promise<void> = Promise.resolve();

  /**
   * Waits for a turn. @returns what ends it
   * @throws the signal's reason after an abort
   */
  async take(signal: AbortSignal): Promise<() => void> {
    const before = this.last;
    let end!: () => void;
    const mine = new Promise<void>((resolve) => (end = resolve));
    this.last = before.then(() => mine);
    try {
      await unlessAborted(before, signal);
    } catch (error) {
      end();
      throw error;
    }
    return end;
  }
}
