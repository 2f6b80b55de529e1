import type { Schema } from '../openapi/schema.js';
import type { Failure } from './failure.js';

/** A printed failure. */
export interface ErrorAnswer {
  readonly contentType: string;
  readonly body: string;
  /** Beside those that all failures have. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** How one API family prints failures. */
export interface ErrorDialect {
  /** Whether the path (no query) belongs to it. */
  claims(path: string): boolean;
  /** @param requestId the one in the headers of the answer, where there is a request */
  encode(failure: Failure, path: string, requestId?: string): ErrorAnswer;
  /** Of the bodies, for the OpenAPI document; absent = text. */
  readonly schema?: Schema;
}

/** Injection token of the dialects, asked in order; what none claims is answered in plain text. */
export const ERROR_DIALECTS = Symbol('ERROR_DIALECTS');

const MANAGEMENT = /^\/(?:models|engines)(?:\/|$)/;

/** The management routes: one line of plain text. Some of the lines are matched by existing clients. */
const PLAIN_TEXT: ErrorDialect = {
  claims: () => true,
  encode: (failure, path) => ({
    contentType: 'text/plain; charset=utf-8',
    body: `${plainMessage(failure, path)}\n`,
  }),
};

/** How failures are printed at this path. */
export function dialectOf(path: string, dialects: readonly ErrorDialect[]): ErrorDialect {
  return dialects.find((dialect) => dialect.claims(path)) ?? PLAIN_TEXT;
}

/** The path of a request target: without its query, repeated slashes as one, as the router reads it. */
export function pathOf(target: string): string {
  const end = target.search(/[?#]/);
  return (end === -1 ? target : target.slice(0, end)).replaceAll(/\/{2,}/g, '/');
}

function plainMessage(failure: Failure, path: string): string {
  if (failure.code === 'unknown_route') return MANAGEMENT.test(path) ? 'not found' : '404 page not found';
  if (failure.code === 'request_too_large') return 'request too large';
  return failure.message;
}
