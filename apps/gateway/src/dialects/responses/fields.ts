import { LongshoreError } from '#contracts';

/** One item or part of a conversation, as the Responses API writes it. */
export type Item = Readonly<Record<string, unknown>>;

export function invalid(message: string, field?: string): LongshoreError {
  return new LongshoreError('invalid_request', message, field);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isString(value: unknown): value is string {
  return typeof value === 'string';
}
