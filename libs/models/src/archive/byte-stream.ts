import { FormatError } from '../formats/format-error.js';

/** Reads a stream of chunks in pieces of the sizes that are wanted. Holds one chunk, and what was asked for. */
export class ByteStream {
  private readonly chunks: AsyncIterator<Buffer>;
  private rest: Buffer = Buffer.alloc(0);
  /** Bytes of the current part that nobody has read yet. */
  private unread = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.chunks = source[Symbol.asyncIterator]();
  }

  /** Exactly so many bytes in one piece. @throws FormatError when the stream ends before. */
  async take(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const chunk of this.part(length)) parts.push(chunk);
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  }

  /** Starts a part of so many bytes. It ends early when its reader stops: {@link skipRest} then takes what is left. */
  part(length: number): AsyncGenerator<Buffer> {
    this.unread = length;
    return this.readPart();
  }

  async skipRest(): Promise<void> {
    for await (const _ of this.readPart());
  }

  /** Whatever comes next; undefined at the end. */
  async next(): Promise<Buffer | undefined> {
    if (this.rest.length === 0 && !(await this.fill())) return undefined;
    const chunk = this.rest;
    this.rest = Buffer.alloc(0);
    return chunk;
  }

  /** Ends the source early. */
  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  private async *readPart(): AsyncGenerator<Buffer> {
    while (this.unread > 0) {
      if (this.rest.length === 0 && !(await this.fill()))
        throw new FormatError('the archive ends in the middle: it is cut short');
      const chunk = this.rest.subarray(0, this.unread);
      this.rest = this.rest.subarray(chunk.length);
      this.unread -= chunk.length;
      if (chunk.length > 0) yield chunk;
    }
  }

  private async fill(): Promise<boolean> {
    const { done, value } = await this.chunks.next();
    if (done === true) return false;
    this.rest = value;
    return true;
  }
}
