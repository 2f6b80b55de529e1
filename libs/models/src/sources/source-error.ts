import type { PullFailure } from '#contracts';

/**
 * A model could not be got from, or put to, where it should be. The message is a sentence for the caller.
 * `unsupported` is an artifact that cannot be used; `invalid` a reference that cannot be resolved at all;
 * `failed` everything that may be different next time.
 */
export class SourceError extends Error {
  override readonly name = 'SourceError';

  constructor(
    readonly failure: PullFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
