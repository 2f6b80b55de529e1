const LIMIT = 256 * 1024;

/** The last 256 KiB of what a process printed. */
export class LogTail {
  private readonly chunks: Buffer[] = [];
  private bytes = 0;

  get text(): string {
    return Buffer.concat(this.chunks).toString('utf8').trim();
  }

  add(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    while (this.bytes > LIMIT && this.chunks.length > 1) this.bytes -= this.chunks.shift()?.length ?? 0;
  }
}
