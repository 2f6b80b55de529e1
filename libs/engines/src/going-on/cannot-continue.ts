/**
 * An answer that broke off cannot be continued so that its beginning and the rest are one answer. The message is a
 * sentence for the caller.
 */
export class CannotContinue extends Error {
  override readonly name = 'CannotContinue';
}
