import { LongshoreError } from '#contracts';

export { isObject } from '../../http/json-body.js';

/** One item or part of a conversation, as the Responses API writes it. */
export type Item = Readonly<Record<string, unknown>>;

export function invalid(message: string, field?: string): LongshoreError {
  return new LongshoreError('invalid_request', message, field);
}

export function isString(value: unknown): value is string {
  return typeof value === 'string';
}
