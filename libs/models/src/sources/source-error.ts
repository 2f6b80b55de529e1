import type { ModelReference, PullFailure } from '#contracts';
import type { FormatError } from '../formats/format-error.js';

export interface SourceErrorOptions extends ErrorOptions {
  /** True when nobody could be asked: the same call may succeed once the network is back. */
  readonly unreachable?: boolean;
}

/**
 * A model could not be got from, or put to, where it should be. The message is a sentence for the caller.
 * `unsupported` is an artifact that cannot be used; `invalid` a reference that cannot be resolved at all;
 * `failed` everything that may be different next time.
 */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly unreachable: boolean;

  constructor(
    readonly failure: PullFailure,
    message: string,
    { unreachable = false, ...options }: SourceErrorOptions = {},
  ) {
    super(message, options);
    this.unreachable = unreachable;
  }
}

/** Of a model whose manifest or files are not what a model is made of. */
export function unusable(reference: ModelReference, cause: FormatError): SourceError {
  return new SourceError('unsupported', `"${reference.name}" cannot be used: ${cause.message}.`, { cause });
}
