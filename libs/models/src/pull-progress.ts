import type { ProgressLine } from '#contracts';

/** A layer is reported again after so long, or after so many more bytes, or when it is complete. */
const REPORT_INTERVAL_MS = 100;
const REPORT_BYTES = 1024 * 1024;

interface LayerState {
  reported: number;
  at: number;
}

export interface ProgressReporterOptions {
  /** Bytes of the whole artifact. */
  readonly total: number;
  readonly emit: (line: ProgressLine) => void;
  /** A clock in ms that never goes back. */
  readonly now: () => number;
  /** What happens to the bytes; `Downloaded` when absent. */
  readonly verb?: 'Downloaded' | 'Uploaded' | 'Transferred';
}

/** Thins the progress of each layer out to what clients expect. */
export class ProgressReporter {
  private readonly layers = new Map<string, LayerState>();

  constructor(private readonly options: ProgressReporterOptions) {}

  report(layer: { readonly digest: string; readonly size: number }, current: number): void {
    const now = this.options.now();
    const state = this.layers.get(layer.digest);
    if (state && !isDue(state, current, layer.size, now)) return;
    this.layers.set(layer.digest, { reported: current, at: now });
    this.options.emit({
      type: 'progress',
      message: `${this.options.verb ?? 'Downloaded'}: ${(current / REPORT_BYTES).toFixed(2)} MB`,
      total: this.options.total,
      layer: { id: layer.digest, size: layer.size, current },
      mode: this.options.verb === 'Uploaded' ? 'push' : 'pull',
    });
  }
}

/** A line that says something besides the numbers. */
export function warningLine(message: string): ProgressLine {
  return { type: 'warning', message, total: 0, layer: { size: 0, current: 0 }, mode: 'pull' };
}

function isDue(state: LayerState, current: number, size: number, now: number): boolean {
  if (current === state.reported) return false;
  return current >= size || now - state.at >= REPORT_INTERVAL_MS || current - state.reported >= REPORT_BYTES;
}
