import type { ByteReader } from '../../formats/byte-cursor.js';
import type { HubFile } from './hub-file.js';
import type { HubRepository } from './hub-repository.js';

/** Bytes asked for at once: little at first, because most headers are short, then more. */
const FIRST = 512 * 1024;
const MOST = 8 * 1024 * 1024;

/** Reads a file of the Hub forwards, as far as somebody wants to see it. Not for two readers at once. */
export class RemoteReader implements ByteReader {
  private chunk: Buffer = Buffer.alloc(0);
  private start = 0;
  private next = FIRST;

  constructor(
    private readonly repository: HubRepository,
    private readonly file: HubFile,
  ) {}

  async read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ bytesRead: number }> {
    if (position >= this.file.size) return { bytesRead: 0 };
    if (position < this.start || position >= this.start + this.chunk.length) await this.fetch(position);
    const from = position - this.start;
    const bytesRead = this.chunk.copy(buffer, offset, from, from + length);
    return { bytesRead };
  }

  private async fetch(position: number): Promise<void> {
    const end = Math.min(this.file.size, position + this.next);
    this.chunk = await this.repository.readRange(this.file, { start: position, end });
    this.start = position;
    this.next = Math.min(MOST, this.next * 2);
  }
}
