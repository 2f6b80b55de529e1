/** A blob is not what its manifest says, whatever was tried. The message is a sentence. */
export class DamagedBlob extends Error {
  override readonly name = 'DamagedBlob';
}
