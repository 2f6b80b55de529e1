import { refuseDeepNesting } from '../http/nesting.js';
import { RouteFailure } from '../http/failure.js';
import { LongshoreError } from '#contracts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** @throws RouteFailure 400 in the words of the management routes */
export function invalidRequest(problem: string): RouteFailure {
  return new RouteFailure(400, `invalid request: ${problem}`);
}

/** The JSON object a body holds. @throws RouteFailure 400 */
export function decodeObject(body: unknown): JsonObject {
  const text = typeof body === 'string' ? body : '';
  if (text.trim() === '') throw invalidRequest('the body is empty; send a JSON object.');
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw invalidRequest(`the body is not valid JSON: ${(error as Error).message}`);
  }
  if (!isObject(data)) throw invalidRequest('the body must be a JSON object.');
  try {
    refuseDeepNesting(text, data);
  } catch (error) {
    if (error instanceof LongshoreError) throw invalidRequest(error.message);
    throw error;
  }
  return data;
}

/** A member that is a string; absent, null and empty are the same. @throws RouteFailure 400 */
export function readString(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw invalidRequest(`"${name}" must be a string.`);
  return value;
}

/** @throws RouteFailure 400 */
export function readStrings(object: JsonObject, name: string): readonly string[] | undefined {
  const value = object[name];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || value.some((item) => typeof item !== 'string'))
    throw invalidRequest(`"${name}" must be a list of strings.`);
  return value as readonly string[];
}

/** @throws RouteFailure 400 */
export function readObject(object: JsonObject, name: string): JsonObject | undefined {
  const value = object[name];
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw invalidRequest(`"${name}" must be an object.`);
  return value;
}

export interface NumberRule {
  readonly holds: (value: number) => boolean;
  /** Completes the sentence "… must be". */
  readonly words: string;
}

/** @throws RouteFailure 400 */
export function readNumber(object: JsonObject, name: string, rule: NumberRule): number | undefined {
  const value = object[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !rule.holds(value))
    throw invalidRequest(`"${name}" must be ${rule.words}.`);
  return value;
}

/** @throws RouteFailure 400 */
export function readBoolean(object: JsonObject, name: string): boolean {
  const value = object[name];
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') throw invalidRequest(`"${name}" must be true or false.`);
  return value;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
