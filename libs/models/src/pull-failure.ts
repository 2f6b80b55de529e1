import type { ModelReference } from '#contracts';
import { FormatError } from './formats/format-error.js';
import { TransientFailure } from './sources/retry.js';
import { SourceError, unusable } from './sources/source-error.js';
import { StoreError } from './store/store-error.js';
import { DamagedBlob } from './transfer/transfer-error.js';

/** What ended a pull, as a sentence for the caller. */
export function explainFailure(
  error: unknown,
  { reference }: { readonly reference: ModelReference },
): SourceError {
  if (error instanceof SourceError) return error;
  if (error instanceof FormatError) return unusable(reference, error);
  const options = { cause: error };
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof StoreError || error instanceof DamagedBlob)
    return new SourceError('failed', message, options);
  const doing = error instanceof TransientFailure ? 'Downloading' : 'Storing';
  return new SourceError('failed', `${doing} "${reference.name}" failed: ${message}.`, {
    ...options,
    unreachable: error instanceof TransientFailure,
  });
}
