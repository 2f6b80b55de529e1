import { FormatError } from './format-error.js';

/** Bytes read at once. */
const WINDOW = 1024 * 1024;

/** Bytes that can be read at any place: an open file, or a file on a server. */
export interface ByteReader {
  /** Puts up to `length` bytes from `position` on into `buffer` at `offset`; 0 bytes mean the end. */
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
}

/**
 * Reads a file forwards through one window of fixed size, so that memory does not depend on what the file claims.
 * Every read past the end of the file is a {@link FormatError}. Numbers are little-endian.
 */
export class ByteCursor {
  private window: Buffer = Buffer.alloc(0);
  private start = 0;
  private offset = 0;

  constructor(
    private readonly file: ByteReader,
    /** Bytes that may be read; nothing beyond is touched. */
    readonly end: number,
  ) {}

  get position(): number {
    return this.start + this.offset;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  /** A view of the next bytes, valid until the next call. At most one window. */
  async take(length: number): Promise<Buffer> {
    if (this.offset + length > this.window.length) await this.fill(length);
    const view = this.window.subarray(this.offset, this.offset + length);
    this.offset += length;
    return view;
  }

  async skip(length: number): Promise<void> {
    if (length > this.remaining) throw truncated();
    if (this.offset + length <= this.window.length) {
      this.offset += length;
      return;
    }
    this.start = this.position + length;
    this.offset = 0;
    this.window = Buffer.alloc(0);
  }

  async u32(): Promise<number> {
    return (await this.take(4)).readUInt32LE();
  }

  /** An unsigned 64-bit number that counts something. @throws FormatError beyond 2^53. */
  async count(): Promise<number> {
    const value = Number((await this.take(8)).readBigUInt64LE());
    if (!Number.isSafeInteger(value)) throw new FormatError('the GGUF header holds an impossible number');
    return value;
  }

  /** Skips strings that carry their length in front, without a promise for each. */
  async skipStrings(count: number): Promise<void> {
    for (let left = count; left > 0; left -= 1) {
      const room = this.window.length - this.offset;
      const length = room < 8 ? await this.count() : this.countNow();
      if (length <= this.window.length - this.offset) this.offset += length;
      else await this.skip(length);
    }
  }

  private countNow(): number {
    const low = this.window.readUInt32LE(this.offset);
    const high = this.window.readUInt32LE(this.offset + 4);
    this.offset += 8;
    if (high > 0x1f_ffff) throw new FormatError('the GGUF header holds an impossible number');
    return high * 0x1_0000_0000 + low;
  }

  private async fill(length: number): Promise<void> {
    if (length > this.remaining) throw truncated();
    const start = this.position;
    const window = Buffer.allocUnsafe(Math.min(WINDOW, this.end - start));
    let filled = 0;
    while (filled < window.length) {
      const { bytesRead } = await this.file.read(window, filled, window.length - filled, start + filled);
      if (bytesRead === 0) throw truncated();
      filled += bytesRead;
    }
    this.start = start;
    this.offset = 0;
    this.window = window;
  }
}

function truncated(): FormatError {
  return new FormatError('the GGUF header ends in the middle: the file is cut short or not a GGUF file');
}
