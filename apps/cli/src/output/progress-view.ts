import type { ProgressLine } from '#contracts';
import type { OutputStream } from '../command-context.js';
import { RedrawnLines } from './redrawn-lines.js';
import { printable } from './table.js';
import { TransferProgress, type LayerProgress } from './transfer-progress.js';
import { humanSize } from './units.js';

/** Shows how a transfer goes. */
export interface ProgressView {
  show(line: ProgressLine): void;
  /** Leaves the terminal at the beginning of an empty line. */
  end(): void;
}

export type TransferMode = 'pull' | 'push';

/** Redrawn lines on a terminal, one line for each step of progress elsewhere. */
export function progressView(stream: OutputStream, mode: TransferMode): ProgressView {
  return stream.isTTY === true ? new LayersView(stream, mode) : new LinesView(stream, mode);
}

const WORDS = {
  pull: { plain: 'Downloaded', active: 'Downloading', complete: 'Pull complete' },
  push: { plain: 'Uploaded', active: 'Uploading', complete: 'Push complete' },
} as const;

/** At most one plain line in this time, and the last one; ms. */
const PLAIN_PERIOD_MS = 1_000;

class LinesView implements ProgressView {
  private readonly progress = new TransferProgress();
  private shown = '';
  private since = -Infinity;

  constructor(
    private readonly stream: OutputStream,
    private readonly mode: TransferMode,
  ) {}

  show(line: ProgressLine): void {
    this.progress.take(line);
    if (line.layer.id === undefined) {
      this.write(printable(line.message));
      return;
    }
    const now = performance.now();
    if (now - this.since < PLAIN_PERIOD_MS && this.progress.current < this.progress.total) return;
    this.since = now;
    this.writeSum();
  }

  end(): void {
    if (this.progress.layers.length > 0) this.writeSum();
  }

  private writeSum(): void {
    const { current, total } = this.progress;
    this.write(`${WORDS[this.mode].plain} ${humanSize(current)} of ${humanSize(total)}`);
  }

  private write(text: string): void {
    if (text !== '' && text !== this.shown) this.stream.write(`${text}\n`);
    this.shown = text;
  }
}

const BAR_WIDTH = 30;
const STATUS_WIDTH = 13;
const DIGEST = /^(?:sha256:)?([0-9a-f]{12})[0-9a-f]*$/;

class LayersView implements ProgressView {
  private readonly progress = new TransferProgress();
  private readonly lines: RedrawnLines;
  private message = '';

  constructor(
    stream: OutputStream,
    private readonly mode: TransferMode,
  ) {
    this.lines = new RedrawnLines(stream);
  }

  show(line: ProgressLine): void {
    this.progress.take(line);
    const named = line.layer.id !== undefined;
    this.message = named ? '' : printable(line.message);
    this.lines.draw(this.text(), { now: named && line.layer.current >= line.layer.size });
  }

  end(): void {
    this.message = '';
    this.lines.draw(this.text(), { now: true });
    this.lines.end();
  }

  private text(): string[] {
    const layers = this.progress.layers.map((layer) => layerLine(layer, this.mode));
    return this.message === '' ? layers : [...layers, this.message];
  }
}

/** `354bf30d0aa3: Downloading   [=====>    ]  12.30MB/270.59MB` */
export function layerLine({ id, current, size }: LayerProgress, mode: TransferMode): string {
  const name = DIGEST.exec(id)?.[1] ?? printable(id);
  const complete = size > 0 && current >= size;
  const words = WORDS[mode];
  const status = complete ? words.complete : current === 0 ? 'Waiting' : words.active;
  const head = `${name}: ${status.padEnd(STATUS_WIDTH)}`;
  if (complete) return `${head} ${humanSize(size)}`;
  if (current === 0 || size === 0) return current === 0 ? head.trimEnd() : `${head} ${humanSize(current)}`;
  const filled = Math.floor((current / size) * BAR_WIDTH);
  const bar = `${'='.repeat(filled)}>`.slice(0, BAR_WIDTH).padEnd(BAR_WIDTH);
  return `${head} [${bar}] ${humanSize(current)}/${humanSize(size)}`;
}
