/** Loose pieces that pile up are joined when there are so many. */
const MOST_LOOSE_PIECES = 64;

/** Taken at once at most, so that a reader who is far behind takes its turns with all others. */
const STEP_BYTES = 32 * 1024;

/** A piece of this size is most of what it keeps in memory. */
const LARGE_BYTES = 64 * 1024;

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
    if (piece.length >= LARGE_BYTES) this.loose = 0;
    else if (++this.loose >= MOST_LOOSE_PIECES) {
      this.pieces.push(Buffer.concat(this.pieces.splice(-this.loose)));
      this.loose = 0;
    }
  }

  /** What waits, or the first part of it, as one buffer; undefined when nothing does. */
  take(): Buffer | undefined {
    const step = this.length > STEP_BYTES ? this.cut() : this.pieces.splice(0);
    this.loose = Math.min(this.loose, this.pieces.length);
    const [first] = step;
    const taken = step.length > 1 ? Buffer.concat(step) : first;
    this.length -= taken?.length ?? 0;
    return taken;
  }

  private cut(): Buffer[] {
    const step: Buffer[] = [];
    for (let room = STEP_BYTES; room > 0;) {
      const piece = this.pieces.shift();
      if (piece === undefined) break;
      step.push(piece.subarray(0, room));
      if (piece.length > room) this.pieces.unshift(piece.subarray(room));
      room -= piece.length;
    }
    return step;
  }
}
