/** The store cannot do what it was asked for. The message is a sentence that says why. */
export class StoreError extends Error {
  override readonly name = 'StoreError';

  constructor(
    readonly reason: 'not-found' | 'mismatch' | 'unusable',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
