/** One line of a log, as it is shown to people over the cluster. */
export interface RecentLine {
  /** ms since the epoch. */
  readonly time: number;
  /** True for what an engine has printed. */
  readonly engine: boolean;
  /** Without its line break and its time. */
  readonly text: string;
}

export interface RecentLinesLimits {
  readonly lines: number;
  /** Characters of all lines together. */
  readonly characters: number;
  /** Characters of one line; what is beyond is cut. */
  readonly line: number;
}

const DEFAULT_LIMITS: RecentLinesLimits = { lines: 5_000, characters: 1_000_000, line: 4_000 };

/** The latest lines of a process's log, within bounds: the oldest go first. */
export class RecentLines {
  private readonly kept: RecentLine[] = [];
  private characters = 0;
  private readonly listeners = new Set<(line: RecentLine) => void>();
  private readonly limits: RecentLinesLimits;

  constructor(limits: Partial<RecentLinesLimits> = {}) {
    this.limits = { ...DEFAULT_LIMITS, ...limits };
  }

  /** Oldest first. */
  all(): readonly RecentLine[] {
    return [...this.kept];
  }

  /** Keeps a line and hands it to all who follow, before it returns. */
  add({ text, ...line }: RecentLine): void {
    const cut = { ...line, text: text.slice(0, this.limits.line) };
    this.kept.push(cut);
    this.characters += cut.text.length;
    while (this.kept.length > this.limits.lines || this.characters > this.limits.characters)
      this.characters -= this.kept.shift()?.text.length ?? 0;
    for (const listener of this.listeners) listener(cut);
  }

  /** Calls `listener`, which must not throw, with each line from now on. @returns a function that ends this */
  follow(listener: (line: RecentLine) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
