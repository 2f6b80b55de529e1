import { giveBackMemory } from './give-back-memory.js';
import type { PartialFile } from './partial-file.js';

/** Fewer, larger writes than the pieces the network comes in. */
const BATCH_BYTES = 512 * 1024;
/** Slow connections write sooner, so that others see them move; ms. */
const BATCH_AGE_MS = 100;

/**
 * Gathers bytes that follow each other and writes them together, one batch while the next comes in. Copying them is
 * cheaper than keeping them: their memory is given back at once, and little is in use.
 */
export class WriteBatch {
  private filling: Buffer;
  private spare: Buffer;
  private filled = 0;
  private since = performance.now();
  private writing: Promise<void> = Promise.resolve();
  /** Offset after the last byte that was handed to a write. */
  private handed: number;

  /**
   * @param position offset of the first byte to come; from then on, that up to which all bytes are in the file.
   * @param end offset after the last.
   */
  constructor(
    private readonly file: Pick<PartialFile, 'write'>,
    private position: number,
    end: number,
  ) {
    const size = Math.min(BATCH_BYTES, end - position);
    this.filling = Buffer.allocUnsafeSlow(size);
    this.spare = size < BATCH_BYTES ? Buffer.alloc(0) : Buffer.allocUnsafeSlow(size);
    this.handed = position;
  }

  /** @returns the offset up to which all bytes are in the file. @throws the failure of an earlier write, too */
  async add(bytes: Buffer): Promise<number> {
    for (let taken = 0; taken < bytes.length;) {
      const copied = bytes.copy(this.filling, this.filled, taken);
      taken += copied;
      this.filled += copied;
      if (this.filled === this.filling.length) await this.handOver();
    }
    return performance.now() - this.since >= BATCH_AGE_MS ? this.flush() : this.position;
  }

  /** As {@link add}, with everything. */
  async flush(): Promise<number> {
    await this.handOver();
    await this.writing;
    return this.position;
  }

  /** Writes what is left, and gives the memory back: nothing can be added any more. @throws as {@link add} */
  async end(): Promise<void> {
    await this.flush();
    giveBackMemory(this.filling);
    giveBackMemory(this.spare);
  }

  /** Begins to write what is there once the write before has ended. */
  private async handOver(): Promise<void> {
    await this.writing;
    this.since = performance.now();
    if (this.filled === 0) return;
    const full = this.filling.subarray(0, this.filled);
    this.writing = this.write(full, this.handed);
    // Seen by whoever waits for it next.
    this.writing.catch(() => undefined);
    this.handed += this.filled;
    this.filled = 0;
    if (this.spare.length === 0) await this.writing;
    else [this.filling, this.spare] = [this.spare, this.filling];
  }

  private async write(bytes: Buffer, position: number): Promise<void> {
    await this.file.write(bytes, position);
    this.position = position + bytes.length;
  }
}
