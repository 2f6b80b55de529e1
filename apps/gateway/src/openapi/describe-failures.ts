import { ERRORS, LongshoreError, type ErrorCode } from '#contracts';
import { dialectOf, type ErrorDialect } from '../http/error-dialect.js';
import { answerStatus } from '../http/answer-status.js';
import { describeFailure } from '../http/failure.js';
import type { Operation, OperationAnswer } from './operation.js';
import { TEXT, type Schema } from './schema.js';

/** What any route may fail with. */
const EVERYWHERE: readonly ErrorCode[] = ['invalid_request', 'shutting_down', 'internal'];

/** What any route may fail with that takes a body. */
const WITH_BODY: readonly ErrorCode[] = ['request_too_large', 'unsupported_media_type'];

/** What any route may fail with that needs a key, where keys are needed. */
const WITH_KEY = ['invalid_api_key', 'not_allowed', 'rate_limited'].filter(
  (code): code is ErrorCode => code in ERRORS,
);

/** The failures of a route by status, in the shape that its path gives them. */
export function describeFailures(
  operation: Operation,
  path: string,
  dialects: readonly ErrorDialect[],
): Record<string, OperationAnswer> {
  const texts = new Map<string, string[]>();
  const add = (status: string, text: string): void => {
    texts.set(status, [...(texts.get(status) ?? []), text]);
  };
  for (const code of codesOf(operation)) {
    const status = answerStatus(describeFailure(new LongshoreError(code)), path, undefined);
    add(String(status), `\`${code}\`: ${ERRORS[code].meaning}`);
  }
  for (const [status, text] of Object.entries(operation.failures ?? {})) add(status, text);
  const content = contentOf(path, dialects);
  const headers = (status: string) => (status === '429' || status === '503' ? { headers: RETRY } : {});
  return Object.fromEntries(
    [...texts].map(([status, lines]) => [
      status,
      { description: lines.join('\n\n'), content, ...headers(status) },
    ]),
  );
}

const RETRY = {
  'Retry-After': {
    description: 'Seconds after which trying again is likely to help.',
    schema: { type: 'integer' },
  },
};

function codesOf({ errors = [], body, open = false }: Operation): Set<ErrorCode> {
  return new Set([...EVERYWHERE, ...(body ? WITH_BODY : []), ...(open ? [] : WITH_KEY), ...errors]);
}

function contentOf(path: string, dialects: readonly ErrorDialect[]): Record<string, Schema> {
  const dialect = dialectOf(path, dialects);
  const { contentType } = dialect.encode(describeFailure(new LongshoreError('internal')), path);
  const [type = contentType] = contentType.split(';');
  return { [type]: dialect.schema ?? TEXT };
}
