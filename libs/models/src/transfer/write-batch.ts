import type { PartialFile } from './partial-file.js';

/** Fewer, larger writes than the pieces the network comes in. */
const BATCH_BYTES = 512 * 1024;
/** Slow connections write sooner, so that others see them move; ms. */
const BATCH_AGE_MS = 100;

/** Gathers bytes that follow each other and writes them together. */
export class WriteBatch {
  private buffers: Buffer[] = [];
  private bytes = 0;
  private flushed = performance.now();

  /** @param position offset of the first byte to come. */
  constructor(
    private readonly file: PartialFile,
    private position: number,
  ) {}

  /** @returns the offset up to which all bytes are in the file. */
  async add(bytes: Buffer): Promise<number> {
    this.buffers.push(bytes);
    this.bytes += bytes.length;
    const due = this.bytes >= BATCH_BYTES || performance.now() - this.flushed >= BATCH_AGE_MS;
    return due ? this.flush() : this.position;
  }

  /** As {@link add}. */
  async flush(): Promise<number> {
    this.flushed = performance.now();
    if (this.bytes > 0) {
      const { buffers, bytes } = this;
      this.buffers = [];
      this.bytes = 0;
      await this.file.write(buffers, this.position);
      this.position += bytes;
    }
    return this.position;
  }
}
