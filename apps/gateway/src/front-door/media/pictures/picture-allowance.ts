import { LongshoreError } from '#contracts';
import { Base64Bytes } from './base64-bytes.js';
import { type Picture, readPicture, TAKEN_FORMATS } from './read-picture.js';

/** Frames of a film that come as pictures of their own. */
const MOST_FILES = 1_024;

/** A file in a request. */
export interface EmbeddedFile {
  /** Of the member that holds it. */
  readonly name: string;
  /** The file as base64, or several one after another with commas between, such as the frames of a film. */
  readonly base64: string;
  /** False for what may be a sound or a film as well. */
  readonly isPicture: boolean;
}

/**
 * What the pictures of one request may have together. An engine has all of them in memory at once, and a few bytes
 * make a picture of any size.
 */
export class PictureAllowance {
  private left: number;

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
    if (files.length > MOST_FILES) throw refusal(name, `holds more than ${MOST_FILES} files.`);
    for (const text of files) {
      const picture = readPicture(new Base64Bytes(text));
      if (picture !== undefined) this.takePicture(name, picture);
      else if (isPicture) throw refusal(name, `must be a picture as ${TAKEN_FORMATS}.`);
    }
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

function refusal(name: string, text: string): LongshoreError {
  return new LongshoreError('invalid_request', `"${name}" ${text}`, name);
}
