/** A model file, manifest or config document that cannot be used. The message says what is wrong with it. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}
