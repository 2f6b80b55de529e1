/** What is decoded at once; whole groups of three. */
const WINDOW_BYTES = 3_072;

/** Characters that are checked at once; whole groups of four. */
const PIECE_CHARACTERS = 16_384;

const FOREIGN = /[^A-Za-z0-9+/]/;
const BLANK = /^[ \t\r\n]/;
const BLANKS = /[ \t\r\n]+/g;

/**
 * The bytes of a file that is written as base64, decoded where they are looked at. Numbers that are not wholly there
 * are NaN. Decoders disagree about characters that are no base64, so nothing is seen behind one, except that blanks are
 * passed over.
 */
export class Base64Bytes {
  private text: string;
  /** Characters from the beginning that are known to be base64. */
  private checked = 0;
  private windowAt = 0;
  private window: Buffer = Buffer.alloc(0);

  constructor(text: string) {
    this.text = text;
  }

  byte(offset: number): number {
    const seen = this.window[offset - this.windowAt];
    if (seen !== undefined) return seen;
    this.decodeAround(offset);
    return this.window[offset - this.windowAt] ?? Number.NaN;
  }

  /** An unsigned number whose first byte is the highest. */
  big(offset: number, length: number): number {
    let value = 0;
    for (let index = 0; index < length; index++) value = value * 256 + this.byte(offset + index);
    return value;
  }

  /** An unsigned number whose first byte is the lowest. */
  little(offset: number, length: number): number {
    let value = 0;
    for (let index = length - 1; index >= 0; index--) value = value * 256 + this.byte(offset + index);
    return value;
  }

  /** Whether these characters of Latin-1 stand there. */
  has(text: string, offset: number): boolean {
    for (let index = 0; index < text.length; index++)
      if (this.byte(offset + index) !== text.charCodeAt(index)) return false;
    return true;
  }

  /** Up to so many bytes, less where the file ends. */
  slice(offset: number, length: number): Buffer {
    const start = Math.floor(offset / 3) * 4;
    const end = Math.ceil((offset + length) / 3) * 4;
    this.checkUpTo(end);
    const skipped = offset % 3;
    return Buffer.from(this.text.slice(start, end), 'base64').subarray(skipped, skipped + length);
  }

  private decodeAround(offset: number): void {
    this.windowAt = offset - (offset % WINDOW_BYTES);
    this.window = this.slice(this.windowAt, WINDOW_BYTES);
  }

  private checkUpTo(end: number): void {
    while (this.checked < Math.min(end, this.text.length)) {
      const piece = this.text.slice(this.checked, this.checked + PIECE_CHARACTERS);
      const foreign = isPlain(piece) ? -1 : piece.search(FOREIGN);
      this.checked += foreign === -1 ? piece.length : foreign;
      if (foreign === -1) continue;
      const rest = this.text.slice(this.checked);
      this.text = this.text.slice(0, this.checked) + (BLANK.test(rest) ? rest.replaceAll(BLANKS, '') : '');
    }
  }
}

/** Many times as fast as looking at each character; false also for the end of a file, which may be in order. */
function isPlain(piece: string): boolean {
  return Buffer.from(piece, 'base64').toString('base64') === piece;
}
