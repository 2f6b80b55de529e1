import { badRequest } from './request-error.js';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface NumberRange {
  readonly least?: number;
  readonly most?: number;
  readonly whole?: boolean;
}

/** Absent and null fields are undefined. All readers throw a `RequestError` that names the field. */
export function readNumber(body: JsonObject, name: string, range: NumberRange = {}): number | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined) return undefined;
  const { least = -Infinity, most = Infinity, whole = false } = range;
  const fits = typeof value === 'number' && value >= least && value <= most;
  if (fits && (!whole || Number.isInteger(value))) return value;
  throw badRequest(`'${name}' must be ${describeRange(range)}, but is ${show(value)}.`);
}

export function readBoolean(body: JsonObject, name: string): boolean | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined || typeof value === 'boolean') return value;
  throw badRequest(`'${name}' must be true or false, but is ${show(value)}.`);
}

export function readString(body: JsonObject, name: string): string | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw badRequest(`'${name}' must be a string, but is ${show(value)}.`);
}

export function readObject(body: JsonObject, name: string): JsonObject | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined || isObject(value)) return value;
  throw badRequest(`'${name}' must be an object, but is ${show(value)}.`);
}

/** One string counts as a list of one. */
export function readStrings(body: JsonObject, name: string): readonly string[] | undefined {
  const value = body[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === 'string') return [value];
  if (isListOf(value, isString)) return value;
  throw badRequest(`'${name}' must be a string or a list of strings, but is ${show(value)}.`);
}

export function isListOf<T>(value: unknown, isItem: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(isItem);
}

export function isString(value: unknown): value is string {
  return typeof value === 'string';
}

/** A value as it may stand in a sentence: JSON, cut to 60 characters. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function describeRange({ least, most, whole }: NumberRange): string {
  const kind = whole === true ? 'a whole number' : 'a number';
  if (least !== undefined && most !== undefined) return `${kind} from ${least} to ${most}`;
  if (least !== undefined) return `${kind} of at least ${least}`;
  return most === undefined ? kind : `${kind} of at most ${most}`;
}
