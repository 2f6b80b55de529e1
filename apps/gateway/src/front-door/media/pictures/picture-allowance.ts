import { LongshoreError } from '#contracts';
import { Base64Bytes } from './base64-bytes.js';
import { LARGEST_GROWTH, pixelsFit } from './png-pixels.js';
import { type Picture, readPicture, TAKEN_FORMATS } from './read-picture.js';

/** In one request; each frame of a film that comes as a picture of its own is a file. */
const MOST_FILES = 1_024;

/** What engines take for a pixel. */
const BYTES_A_PIXEL = 6;

/** A file in a request. */
export interface EmbeddedFile {
  /** Of the member that holds it. */
  readonly name: string;
  /** The file as base64, or several one after another with commas between, such as the frames of a film. */
  readonly base64: string;
  /** False for what may be a sound or a film as well. */
  readonly isPicture: boolean;
}

interface PackedPicture {
  readonly name: string;
  readonly bytes: Base64Bytes;
}

/**
 * What the pictures of one request may have together. An engine has all of them in memory at once, and a few bytes
 * make a picture of any size.
 */
export class PictureAllowance {
  private left: number;
  private files = 0;
  private readonly packed: PackedPicture[] = [];
  private packedBytes = 0;

  /** @param limit pixels */
  constructor(private readonly limit: number) {
    this.left = limit;
  }

  /**
   * Engines go by what a file is and not by what it is called, so it is looked at whatever it is called.
   * @throws LongshoreError that names the member
   */
  take({ name, base64, isPicture }: EmbeddedFile): void {
    const files = base64.split(',', MOST_FILES + 1);
    this.files += files.length;
    if (this.files > MOST_FILES)
      throw refusal(name, `is one too many: a request may hold ${MOST_FILES} pictures, sounds and films.`);
    for (const text of files) {
      const bytes = new Base64Bytes(text);
      const picture = readPicture(bytes);
      if (picture === undefined) {
        if (isPicture) throw refusal(name, `must be a picture as ${TAKEN_FORMATS}.`);
        continue;
      }
      this.takePicture(name, picture);
      if (!picture.mayUnpackToMore) continue;
      this.packed.push({ name, bytes });
      this.packedBytes += text.length * 0.75;
    }
  }

  /**
   * Looks into pictures that could unpack to more than their size.
   * @returns undefined when there is nothing to look into. Rejects with a LongshoreError that names the member, or with
   * the reason of the signal.
   */
  unpack(signal: AbortSignal): Promise<void> | undefined {
    const isHarmless = this.packedBytes * LARGEST_GROWTH <= this.limit * BYTES_A_PIXEL;
    return isHarmless ? undefined : unpackAll(this.packed, signal);
  }

  private takePicture(name: string, { format, isTaken, size }: Picture): void {
    if (!isTaken) throw refusal(name, `holds a picture as ${format}; send ${TAKEN_FORMATS}.`);
    if (size === undefined)
      throw refusal(
        name,
        `holds a ${format} without a beginning that tells its size: it is cut off or broken.`,
      );
    const { width, height } = size;
    this.left -= width * height;
    if (this.left >= 0) return;
    const limit = `the pictures of a request may have ${this.limit} pixels together (LONGSHORE_MEDIA_MAX_PIXELS)`;
    throw refusal(name, `holds a picture of ${width} x ${height} pixels; ${limit}.`);
  }
}

async function unpackAll(pictures: readonly PackedPicture[], signal: AbortSignal): Promise<void> {
  for (const { name, bytes } of pictures)
    if (!(await pixelsFit(bytes, signal)))
      throw refusal(name, 'holds a PNG whose pixels are broken, or more than its size tells.');
}

function refusal(name: string, text: string): LongshoreError {
  return new LongshoreError('invalid_request', `"${name}" ${text}`, name);
}
