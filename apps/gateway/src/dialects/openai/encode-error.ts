import { EngineRefusal } from '../../http/engine-refusal.js';
import { describeFailure, type Failure } from '../../http/failure.js';
import type { ErrorDialect } from '../../http/error-dialect.js';
import { OPENAI_ERROR } from './schemas.js';

const OPENAI_PATH =
  /^\/(?:(?:(?:engines\/(?:[^/]+\/)?)?v1|(?:engines\/)?responses)(?:\/|$)|(?:engines\/(?:[^/]+\/)?)?(?:rerank|score)\/?$)/;

/** Characters of a refusal that is no error object. */
const LONGEST_MESSAGE = 1_000;

/** The error object of the OpenAI API. */
export const OPENAI_ERRORS: ErrorDialect = {
  claims: (path) => OPENAI_PATH.test(path),
  encode: (failure) => ({ contentType: 'application/json; charset=utf-8', body: encodeError(failure) }),
  schema: OPENAI_ERROR,
};

export function encodeError({ message, type, field, code }: Failure): string {
  return JSON.stringify({ error: { message, type, param: field ?? null, code: code ?? null } });
}

/** The last event of a stream that fails half-way; no `[DONE]` follows it. */
export function encodeStreamFailure(error: unknown): string {
  const object = error instanceof EngineRefusal ? encodeRefusal(error) : encodeError(describeFailure(error));
  return `data: ${object}\n\n`;
}

/** The engine's own error object where it is one, else its words in one of ours. */
function encodeRefusal({ status, body, message }: EngineRefusal): string {
  const own = parseError(body);
  if (own !== undefined) return JSON.stringify({ error: own });
  const type = status >= 400 && status < 500 ? 'invalid_request_error' : 'server_error';
  const words = body.trim().slice(0, LONGEST_MESSAGE);
  return encodeError({ status, type, message: words === '' ? message : words, retryable: status >= 500 });
}

function parseError(body: string): object | undefined {
  try {
    const data: unknown = JSON.parse(body);
    if (typeof data !== 'object' || data === null || !('error' in data)) return undefined;
    return typeof data.error === 'object' && data.error !== null ? data.error : undefined;
  } catch {
    return undefined;
  }
}
