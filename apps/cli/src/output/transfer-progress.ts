import type { ProgressLine } from '#contracts';

/** What is known of one file or layer under way. */
export interface LayerProgress {
  readonly id: string;
  readonly current: number;
  /** 0 = not known. */
  readonly size: number;
}

/** The state of a pull or push as its progress lines tell it. */
export class TransferProgress {
  private readonly known = new Map<string, LayerProgress>();
  private whole = 0;

  take({ layer, total }: ProgressLine): void {
    if (layer.id === undefined || layer.id === '') return;
    this.known.set(layer.id, { id: layer.id, current: layer.current, size: layer.size });
    this.whole = Math.max(this.whole, total);
  }

  /** In the order in which they were first heard of. */
  get layers(): readonly LayerProgress[] {
    return [...this.known.values()];
  }

  get current(): number {
    return this.layers.reduce((sum, { current }) => sum + current, 0);
  }

  /** Bytes of everything; of a push, of the layers begun. */
  get total(): number {
    return Math.max(
      this.whole,
      this.layers.reduce((sum, { size }) => sum + size, 0),
    );
  }
}
