import { describeFailure, type Failure } from '../../http/failure.js';
import type { ErrorDialect } from '../../http/error-dialect.js';

const OPENAI_PATH = /^\/(?:engines\/(?:[^/]+\/)?)?v1(?:\/|$)/;

/** The error object of the OpenAI API. */
export const OPENAI_ERRORS: ErrorDialect = {
  claims: (path) => OPENAI_PATH.test(path),
  encode: (failure) => ({ contentType: 'application/json; charset=utf-8', body: encodeError(failure) }),
};

export function encodeError({ message, type, field, code }: Failure): string {
  return JSON.stringify({ error: { message, type, param: field ?? null, code: code ?? null } });
}

/** The last event of a stream that fails half-way; no `[DONE]` follows it. */
export function encodeStreamFailure(error: unknown): string {
  return `data: ${encodeError(describeFailure(error))}\n\n`;
}
