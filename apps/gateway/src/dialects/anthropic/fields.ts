import { LongshoreError } from '#contracts';
import { isObject } from '../../http/json-body.js';
import { type Fates, REFUSED } from './request-fields.js';

export { isObject };

/** An object of a request, not looked at yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** Of a value that is quoted in a message so much is told; characters. */
const LONGEST_QUOTE = 100;

/** @param path where the fault is, as the Messages API writes it, such as `messages.0.content.1` */
export function invalid(path: string, fault: string): LongshoreError {
  return new LongshoreError('invalid_request', `${path}: ${fault}`, path);
}

export function isString(value: unknown): value is string {
  return typeof value === 'string';
}

export function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

export function isNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

export function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isString);
}

export function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0;
}

/** The type a value must have, and what to call it. */
export interface Kind<T> {
  readonly check: (value: unknown) => value is T;
  readonly what: string;
}

export const TEXT: Kind<string> = { check: isString, what: 'a string' };
export const SWITCH: Kind<boolean> = { check: isBoolean, what: 'true or false' };
export const NUMBER: Kind<number> = { check: isNumber, what: 'a number' };
export const COUNT: Kind<number> = { check: isCount, what: 'a whole number above 0' };
export const TEXTS: Kind<string[]> = { check: isStrings, what: 'an array of strings' };
export const OBJECT: Kind<Fields> = { check: isObject, what: 'an object' };
export const LIST: Kind<readonly unknown[]> = { check: Array.isArray, what: 'an array' };

/** A field that may be missing. @throws LongshoreError when it is of another kind */
export function optional<T>(fields: Fields, name: string, kind: Kind<T>, within = ''): T | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (!kind.check(value)) throw invalid(join(within, name), `must be ${kind.what}.`);
  return value;
}

/** @throws LongshoreError when it is missing or of another kind */
export function required<T>(fields: Fields, name: string, kind: Kind<T>, within = ''): T {
  const value = optional(fields, name, kind, within);
  if (value === undefined) throw invalid(join(within, name), `must be ${kind.what}, but is missing.`);
  return value;
}

/** @throws LongshoreError that names the first field which asks for something the cluster does not have */
export function refuseFields(fields: Fields, fates: Fates, within = ''): void {
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === undefined || !Object.hasOwn(fates, name)) continue;
    if (fates[name] === REFUSED) throw invalid(join(within, name), 'is not supported here; leave it out.');
  }
}

export function join(within: string, name: string | number): string {
  return within === '' ? String(name) : `${within}.${name}`;
}

export function quote(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, LONGEST_QUOTE);
}
