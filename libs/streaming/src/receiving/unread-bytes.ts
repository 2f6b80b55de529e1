/** Loose pieces that pile up are joined when there are so many. */
const MOST_LOOSE_PIECES = 64;

/**
 * Bytes of one response that nobody has read yet. They come as slices of messages that carry the frames of many
 * responses, and a slice keeps all of its message in memory. So those that pile up are copied: a response that is not
 * read holds little more than its own bytes.
 */
export class UnreadBytes {
  /** Bytes that wait. */
  length = 0;
  private pieces: Buffer[] = [];
  private loose = 0;

  push(piece: Buffer): void {
    this.pieces.push(piece);
    this.length += piece.length;
    if (++this.loose < MOST_LOOSE_PIECES) return;
    this.pieces.push(Buffer.concat(this.pieces.splice(-this.loose)));
    this.loose = 0;
  }

  /** All that waits, as one buffer; undefined when nothing does. */
  take(): Buffer | undefined {
    const [first] = this.pieces;
    const all = this.pieces.length > 1 ? Buffer.concat(this.pieces, this.length) : first;
    this.pieces = [];
    this.length = this.loose = 0;
    return all;
  }
}
