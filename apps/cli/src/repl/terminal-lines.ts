import { createInterface, type Interface } from 'node:readline';
import type { InputStream, OutputStream } from '../command-context.js';
import { HISTORY_LENGTH } from './history-file.js';

/** What somebody does at a terminal. */
export type TerminalEvent =
  | { readonly kind: 'line'; readonly text: string; readonly pasted: boolean }
  /** Ctrl-C, with something typed or not. */
  | { readonly kind: 'interrupt'; readonly typed: boolean }
  /** Ctrl-D, or the terminal has gone. */
  | { readonly kind: 'end' };

export interface TerminalLinesOptions {
  readonly input: InputStream;
  readonly output: OutputStream;
  /** The latest first. */
  readonly history: readonly string[];
  /** Ends the reading. */
  readonly signal: AbortSignal;
  readonly complete?: (line: string) => [string[], string];
}

const PASTE_ON = '\u001b[?2004h';
const PASTE_OFF = '\u001b[?2004l';

/**
 * Lines of a terminal with editing and history. Between two `next` the terminal is as other programs have it, so that
 * Ctrl-C is a signal. What is typed meanwhile is read by the next one.
 */
export class TerminalLines {
  private readonly lines: Interface;
  private readonly events: TerminalEvent[] = [];
  private waiting: ((event: TerminalEvent) => void) | undefined;
  private pasting = false;
  private readonly onKey = (_text: unknown, key: { readonly name?: string } | undefined): void => {
    if (key?.name === 'paste-start') this.pasting = true;
    if (key?.name === 'paste-end') this.pasting = false;
  };
  private readonly onAbort = (): void => this.push({ kind: 'end' });

  constructor(private readonly options: TerminalLinesOptions) {
    const { input, output, history, signal, complete } = options;
    this.lines = createInterface({
      input,
      output,
      terminal: true,
      history: [...history],
      historySize: HISTORY_LENGTH,
      removeHistoryDuplicates: true,
      ...(complete && { completer: complete }),
    });
    this.lines.on('line', (text) => this.push({ kind: 'line', text, pasted: this.pasting }));
    this.lines.on('SIGINT', () => this.push({ kind: 'interrupt', typed: this.lines.line !== '' }));
    this.lines.on('close', () => this.push({ kind: 'end' }));
    input.on('keypress', this.onKey);
    signal.addEventListener('abort', this.onAbort, { once: true });
    this.rest();
  }

  async next(prompt: string): Promise<TerminalEvent> {
    const queued = this.events.shift();
    if (queued !== undefined) return queued;
    this.setRaw(true);
    this.options.output.write(PASTE_ON);
    this.lines.setPrompt(prompt);
    this.lines.prompt();
    const event = await new Promise<TerminalEvent>((resolve) => (this.waiting = resolve));
    if (event.kind === 'interrupt') {
      this.lines.write(null, { ctrl: true, name: 'e' });
      this.lines.write(null, { ctrl: true, name: 'u' });
    }
    const goesOn = event.kind === 'line' && event.pasted;
    if (event.kind !== 'end' && !goesOn) this.rest();
    return event;
  }

  close(): void {
    this.options.signal.removeEventListener('abort', this.onAbort);
    this.options.input.off('keypress', this.onKey);
    this.options.output.write(PASTE_OFF);
    this.lines.close();
    this.setRaw(false);
    this.options.input.pause();
  }

  private rest(): void {
    this.lines.pause();
    this.options.output.write(PASTE_OFF);
    this.setRaw(false);
  }

  private push(event: TerminalEvent): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting === undefined) this.events.push(event);
    else waiting(event);
  }

  private setRaw(raw: boolean): void {
    const { input } = this.options;
    if ('setRawMode' in input && typeof input.setRawMode === 'function') input.setRawMode(raw);
  }
}
