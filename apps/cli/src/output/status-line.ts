import type { OutputStream } from '../command-context.js';
import { printable } from './table.js';
import { terminalSize } from './terminal-size.js';

/** One line of a terminal that says what is going on, and goes when it is over. Nothing where there is no terminal. */
export class StatusLine {
  private shown = '';

  constructor(private readonly stream: OutputStream) {}

  show(text: string): void {
    if (this.stream.isTTY !== true) return;
    const line = printable(text).slice(0, terminalSize(this.stream).columns - 1);
    if (line !== this.shown) this.stream.write(`\r\u001b[2K${line}`);
    this.shown = line;
  }

  clear(): void {
    if (this.shown !== '') this.stream.write('\r\u001b[2K');
    this.shown = '';
  }
}
