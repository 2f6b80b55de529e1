import type { ErrorDialect } from '../../http/error-dialect.js';
import { describeFailure, type Failure } from '../../http/failure.js';
import { ANTHROPIC_ERROR } from './schemas.js';

const ANTHROPIC_PATH = /^\/(?:anthropic(?:\/|$)|(?:engines\/(?:[^/]+\/)?)?v1\/messages(?:\/|$))/;

const TYPES: ReadonlyMap<number, string> = new Map([
  [401, 'authentication_error'],
  [402, 'billing_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [409, 'conflict_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  // Of 503 and 529 alike the clients of the API think that it will pass.
  [503, 'overloaded_error'],
  [504, 'timeout_error'],
  [529, 'overloaded_error'],
]);

/** The error object of the Messages API. */
export const ANTHROPIC_ERRORS: ErrorDialect = {
  claims: (path) => ANTHROPIC_PATH.test(path),
  encode: (failure, _path, requestId) => ({
    contentType: 'application/json; charset=utf-8',
    body: encodeError(failure, requestId),
    headers: {
      ...(requestId !== undefined && { 'request-id': requestId }),
      // By its status alone clients of the API would take it for something that passes.
      ...(looksPassing(failure) && !failure.retryable && { 'x-should-retry': 'false' }),
    },
  }),
  schema: ANTHROPIC_ERROR,
};

export function encodeError(failure: Failure, requestId?: string): string {
  const error = { type: typeOf(failure), message: failure.message, ...detailsOf(failure) };
  return JSON.stringify({ type: 'error', error, request_id: requestId ?? null });
}

/** The last event of a stream that fails half-way. */
export function encodeStreamFailure(error: unknown, requestId?: string): string {
  return `event: error\ndata: ${encodeError(describeFailure(error), requestId)}\n\n`;
}

function typeOf({ code, status }: Failure): string {
  if (code === 'request_too_large') return 'request_too_large';
  return TYPES.get(status) ?? (status < 500 ? 'invalid_request_error' : 'api_error');
}

/** By these the tool runners of Anthropic's SDKs learn to send whole conversations again instead of threads. */
function detailsOf({ code, field }: Failure): object {
  if (code !== 'invalid_request' || field !== 'thread') return {};
  return { details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] } };
}

function looksPassing({ status }: Failure): boolean {
  return status >= 500 || status === 408 || status === 409 || status === 429;
}
