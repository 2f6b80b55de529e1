import { TransientFailure } from './retry.js';
import { SourceError } from './source-error.js';

/** Mistakes of set-up: trying again changes nothing. */
const PERMANENT =
  /^(?:ENOTFOUND|ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|UND_ERR_INVALID)/;

/** Codes as people say them. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'names cannot be looked up now',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no network',
  ETIMEDOUT: 'it did not answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'it did not answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'it did not answer in time',
  UND_ERR_BODY_TIMEOUT: 'it stopped sending',
};

/** The failure of a connection: transient, unless the set-up is at fault. */
export function networkFailure(error: unknown, host: string): TransientFailure | SourceError {
  if (error instanceof TransientFailure || error instanceof SourceError) return error;
  const code = errorCode(error);
  const words = WORDS[code];
  const message = `${host} could not be reached (${words === undefined ? '' : `${words}, `}${code})`;
  if (!PERMANENT.test(code)) return new TransientFailure(message, undefined, { cause: error });
  return new SourceError('failed', `The registry failed: ${message}.`, { cause: error, unreachable: true });
}

/** What the last try's failure means for whoever asked. */
export function exhausted(registry: string, failure: TransientFailure): SourceError {
  return new SourceError('failed', `The registry ${registry} failed: ${failure.message}.`, {
    cause: failure.cause ?? failure,
    unreachable: true,
  });
}

function errorCode(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code;
  return error instanceof Error ? error.message : String(error);
}
