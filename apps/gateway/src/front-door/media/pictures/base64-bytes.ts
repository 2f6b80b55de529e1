/** Characters that are decoded at once, and the bytes in them. */
const WINDOW_CHARACTERS = 4_096;
const WINDOW_BYTES = (WINDOW_CHARACTERS / 4) * 3;

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
  private windowAt = -1;
  private window = Buffer.alloc(0);

  constructor(text: string) {
    this.text = text;
  }

  byte(offset: number): number {
    const windowAt = Math.floor(offset / WINDOW_BYTES);
    if (windowAt !== this.windowAt) this.decode(windowAt);
    return this.window[offset % WINDOW_BYTES] ?? Number.NaN;
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

  private decode(windowAt: number): void {
    const start = windowAt * WINDOW_CHARACTERS;
    this.checkUpTo(start + WINDOW_CHARACTERS);
    this.window = Buffer.from(this.text.slice(start, start + WINDOW_CHARACTERS), 'base64');
    this.windowAt = windowAt;
  }

  private checkUpTo(end: number): void {
    while (this.checked < Math.min(end, this.text.length)) {
      const piece = this.text.slice(this.checked, end);
      const foreign = piece.search(FOREIGN);
      if (foreign === -1) {
        this.checked += piece.length;
        continue;
      }
      this.checked += foreign;
      const rest = this.text.slice(this.checked);
      this.text = this.text.slice(0, this.checked) + (BLANK.test(rest) ? rest.replaceAll(BLANKS, '') : '');
    }
  }
}
