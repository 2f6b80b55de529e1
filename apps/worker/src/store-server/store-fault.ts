import { InvalidReference } from '#contracts';
import { FormatError, SourceError, StoreError } from '#models';

/** Why a request is refused: what the caller gets. */
export class StoreFault extends Error {
  override readonly name = 'StoreFault';

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const STORE_STATUS: Readonly<Partial<Record<StoreError['reason'], number>>> = {
  'not-found': 404,
  'no-room': 507,
  mismatch: 400,
};
const SOURCE_STATUS: Readonly<Partial<Record<SourceError['failure'], number>>> = {
  unauthorized: 401,
  'not-found': 404,
  unsupported: 415,
  invalid: 400,
};

/** What a failure means for the caller; undefined for one that nobody has foreseen. */
export function explainFault(error: unknown): StoreFault | undefined {
  if (error instanceof StoreFault) return error;
  if (error instanceof StoreError)
    return new StoreFault(STORE_STATUS[error.reason] ?? 500, error.reason, error.message);
  if (error instanceof FormatError) return new StoreFault(400, 'unusable', `${error.message}.`);
  if (error instanceof InvalidReference) return new StoreFault(400, 'invalid', error.message);
  if (error instanceof SourceError) {
    return new StoreFault(SOURCE_STATUS[error.failure] ?? 500, `source_${error.failure}`, error.message);
  }
  return undefined;
}
