import type { ErrorDialect } from '../../http/error-dialect.js';
import { describeFailure, type Failure } from '../../http/failure.js';
import { objectOf, TEXT } from '../../openapi/schema.js';

const OLLAMA_PATH = /^\/api(?:\/|$)/;

/** The errors of the Ollama API: one text. */
export const OLLAMA_ERRORS: ErrorDialect = {
  claims: (path) => OLLAMA_PATH.test(path),
  encode: (failure) => ({ contentType: 'application/json; charset=utf-8', body: encodeError(failure) }),
  schema: objectOf({ error: TEXT }, ['error']),
};

export function encodeError({ code, message }: Failure): string {
  // Clients look for these words, and pull the model then.
  const missing =
    code === 'model_not_found' ? /^(?:No such model|model not found): (.*)$/s.exec(message)?.[1] : undefined;
  return JSON.stringify({
    error: missing === undefined ? message : `model "${missing}" not found, try pulling it first`,
  });
}

/** The last line of a stream that fails half-way. */
export function encodeFailureLine(error: unknown): Buffer {
  return Buffer.from(`${encodeError(describeFailure(error))}\n`);
}
