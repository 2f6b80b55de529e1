export interface Released {
  /** Text that is safe to send. */
  readonly text: string;
  /** True when a stop string has appeared: `text` ends before it, and nothing may follow. */
  readonly stopped: boolean;
  /** Which one. */
  readonly stop?: string;
}

/**
 * Looks for stop strings in a text that arrives in pieces. What could be the beginning of a stop string is held back
 * until the next pieces decide, so no character of a stop string is ever released.
 */
export class StopMatcher {
  readonly #stops: readonly string[];
  #held = '';

  /** Empty strings stop nothing. */
  constructor(stops: readonly string[]) {
    this.#stops = stops.filter((stop) => stop !== '');
  }

  push(piece: string): Released {
    const text = this.#held + piece;
    const [first] = this.#stops
      .map((stop) => ({ stop, index: text.indexOf(stop) }))
      .filter(({ index }) => index >= 0)
      .toSorted((a, b) => a.index - b.index);
    if (first !== undefined) {
      this.#held = '';
      return { text: text.slice(0, first.index), stopped: true, stop: first.stop };
    }
    const safe = text.length - Math.max(0, ...this.#stops.map((stop) => overlap(text, stop)));
    this.#held = text.slice(safe);
    return { text: text.slice(0, safe), stopped: false };
  }

  /** The rest, once no more text will come. */
  flush(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }
}

/** Length of the longest end of `text` that `stop` begins with. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}
