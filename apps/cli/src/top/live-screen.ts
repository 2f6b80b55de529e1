import type { InputStream, OutputStream } from '../command-context.js';
import { terminalSize } from '../output/terminal-size.js';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const QUIT_KEYS: readonly string[] = ['q', 'Q', '\u0003', '\u0004', '\u001b'];

/** The whole terminal, for a view that is drawn again and again. What was on it comes back at the end. */
export class LiveScreen {
  private readonly onData = (data: Buffer | string): void => {
    if (QUIT_KEYS.includes(data.toString())) this.onQuit();
  };

  constructor(
    private readonly input: InputStream,
    private readonly output: OutputStream,
    private readonly onQuit: () => void,
  ) {
    output.write(ENTER);
    this.setRaw(true);
    input.on('data', this.onData);
    input.resume();
  }

  draw(lines: readonly string[]): void {
    const visible = lines.slice(0, terminalSize(this.output).rows);
    this.output.write(`${HOME}${visible.map((line) => `${line}${CLEAR_LINE}`).join('\r\n')}${CLEAR_BELOW}`);
  }

  close(): void {
    this.input.off('data', this.onData);
    this.setRaw(false);
    this.input.pause();
    this.output.write(LEAVE);
  }

  private setRaw(raw: boolean): void {
    const { input } = this;
    if ('setRawMode' in input && typeof input.setRawMode === 'function') input.setRawMode(raw);
  }
}
