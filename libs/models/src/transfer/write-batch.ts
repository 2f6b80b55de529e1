import type { PartialFile } from './partial-file.js';

/** Fewer, larger writes than the pieces the network comes in. */
const BATCH_BYTES = 512 * 1024;
/** Slow connections write sooner, so that others see them move; ms. */
const BATCH_AGE_MS = 100;

/**
 * Gathers bytes that follow each other and writes them together. Copying them is cheaper than keeping them: pieces
 * that die young cost the collector next to nothing, and memory stays small.
 */
export class WriteBatch {
  private readonly buffer: Buffer;
  private filled = 0;
  private flushed = performance.now();

  /**
   * @param position offset of the first byte to come.
   * @param end offset after the last.
   */
  constructor(
    private readonly file: PartialFile,
    private position: number,
    end: number,
  ) {
    this.buffer = Buffer.allocUnsafeSlow(Math.min(BATCH_BYTES, end - position));
  }

  /** @returns the offset up to which all bytes are in the file. */
  async add(bytes: Buffer): Promise<number> {
    for (let taken = 0; taken < bytes.length;) {
      const copied = bytes.copy(this.buffer, this.filled, taken);
      taken += copied;
      this.filled += copied;
      if (this.filled === this.buffer.length) await this.flush();
    }
    return performance.now() - this.flushed >= BATCH_AGE_MS ? this.flush() : this.position;
  }

  /** As {@link add}. */
  async flush(): Promise<number> {
    this.flushed = performance.now();
    const { filled } = this;
    this.filled = 0;
    if (filled > 0) {
      await this.file.write(this.buffer.subarray(0, filled), this.position);
      this.position += filled;
    }
    return this.position;
  }
}
