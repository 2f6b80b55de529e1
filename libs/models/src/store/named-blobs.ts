import { FormatError } from '../formats/format-error.js';
import { blobsOf, parseManifest } from '../formats/manifest.js';
import { hex } from './store-layout.js';

/** The digits of every blob that manifest bytes name; none when they are damaged. */
export function namedBlobs(manifest: Buffer): string[] {
  try {
    return blobsOf(parseManifest(manifest)).map((blob) => hex(blob.digest));
  } catch (error) {
    if (error instanceof FormatError) return [];
    throw error;
  }
}
