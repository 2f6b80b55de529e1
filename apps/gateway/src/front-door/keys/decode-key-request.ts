import { MODEL_PATTERN, type Scope, SCOPES } from '#contracts';
import { LongshoreError } from '#contracts';
import { parseGoDuration } from '../../engines/go-duration.js';

/** What a new key is to be. */
export interface KeyRequest {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly models?: readonly string[];
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  /** ms. */
  readonly expiresIn?: number;
}

const MEMBERS = ['name', 'scopes', 'models', 'requests_per_minute', 'tokens_per_minute', 'expires_in'];

const LONGEST_NAME = 200;
const MOST_MODELS = 100;
const MOST_A_MINUTE = 1e9;
const LONGEST_LIFE_MS = 100 * 365 * 86_400_000;

/** Body of `POST /keys`. @throws LongshoreError that names the member at fault */
export function decodeKeyRequest(body: unknown): KeyRequest {
  const object = parse(body);
  const unknown = Object.keys(object).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined)
    throw invalid(unknown.slice(0, 100), `is not known; there are ${MEMBERS.join(', ')}`);
  const models = object['models'] ?? undefined;
  const requestsPerMinute = readCount(object, 'requests_per_minute');
  const tokensPerMinute = readCount(object, 'tokens_per_minute');
  const expiresIn = readLife(object['expires_in'] ?? undefined);
  return {
    name: readName(object['name']),
    scopes: readScopes(object['scopes'] ?? undefined),
    ...(models !== undefined && { models: readModels(models) }),
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(tokensPerMinute !== undefined && { tokensPerMinute }),
    ...(expiresIn !== undefined && { expiresIn }),
  };
}

function readName(value: unknown): string {
  if (typeof value === 'string' && value.trim() !== '' && value.length <= LONGEST_NAME) return value.trim();
  throw invalid('name', `must be a text of 1 to ${LONGEST_NAME} characters that says what the key is for`);
}

function readScopes(value: unknown): readonly Scope[] {
  if (value === undefined) return ['inference'];
  const known = (scope: unknown): scope is Scope => SCOPES.some((name) => name === scope);
  if (Array.isArray(value) && value.length > 0 && value.every(known)) return [...new Set(value)];
  throw invalid('scopes', `must be a list of ${SCOPES.join(', ')}`);
}

function readModels(value: unknown): readonly string[] {
  const fits = (pattern: unknown): pattern is string =>
    typeof pattern === 'string' && MODEL_PATTERN.test(pattern);
  if (Array.isArray(value) && value.length > 0 && value.length <= MOST_MODELS && value.every(fits))
    return value;
  throw invalid(
    'models',
    `must be a list of up to ${MOST_MODELS} names of models, with * for any characters`,
  );
}

function readCount(object: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = object[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST_A_MINUTE)
    return value;
  throw invalid(name, 'must be a whole number above 0');
}

/** Seconds, or a duration such as `720h`. @returns ms */
function readLife(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const ms =
    typeof value === 'number'
      ? value * 1_000
      : typeof value === 'string'
        ? parseGoDuration(value)
        : undefined;
  if (ms !== undefined && ms > 0 && ms <= LONGEST_LIFE_MS) return Math.ceil(ms);
  throw invalid('expires_in', 'must be a number of seconds, or a duration such as 24h');
}

function parse(body: unknown): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(typeof body === 'string' ? body : '');
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw new LongshoreError(
    'invalid_request',
    'The body must be a JSON object, such as {"name": "chat page"}.',
  );
}

function invalid(field: string, rule: string): LongshoreError {
  return new LongshoreError('invalid_request', `"${field}" ${rule}.`, field);
}
