import type { OutputStream } from '../command-context.js';
import { terminalSize } from './terminal-size.js';

/** Least time between two drawings; ms. */
const PERIOD_MS = 100;

/**
 * Lines at the foot of a terminal that are drawn over their predecessors. A line that is too long is cut, and of more
 * lines than the terminal has only the last are drawn, because what has scrolled away cannot be redrawn.
 */
export class RedrawnLines {
  private drawn = 0;
  private since = -Infinity;

  constructor(private readonly stream: OutputStream) {}

  /** Draws, unless something was drawn a moment ago and it need not be `now`. */
  draw(lines: readonly string[], { now = false } = {}): void {
    const time = performance.now();
    if (!now && time - this.since < PERIOD_MS) return;
    this.since = time;
    const { columns, rows } = terminalSize(this.stream);
    const visible = lines
      .slice(-Math.max(1, rows - 1))
      .map((line) => line.slice(0, Math.max(1, columns - 1)));
    const up = this.drawn > 0 ? `\u001b[${this.drawn}A` : '';
    const body = visible.map((line) => `\u001b[2K${line}\n`).join('');
    this.stream.write(`${up}\r${body}\u001b[0J`);
    this.drawn = visible.length;
  }

  /** What has been drawn stays; the next drawing begins below. */
  end(): void {
    this.drawn = 0;
    this.since = -Infinity;
  }
}
