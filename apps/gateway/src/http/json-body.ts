import { LongshoreError } from '#contracts';
import { refuseDeepNesting } from './nesting.js';

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The JSON object that the body of an API call holds. @throws LongshoreError `invalid_request` */
export function readJsonBody(text: unknown): Record<string, unknown> {
  if (typeof text !== 'string' || text.trim() === '') throw invalid('The body is empty; send a JSON object.');
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw invalid(`The body is not valid JSON: ${(error as Error).message}`);
  }
  if (!isObject(data)) throw invalid(`The body must be a JSON object, not ${kindOf(data)}.`);
  refuseDeepNesting(text, data);
  return data;
}

function kindOf(data: unknown): string {
  if (data === null) return 'null';
  return Array.isArray(data) ? 'an array' : `a ${typeof data}`;
}

function invalid(problem: string): LongshoreError {
  return new LongshoreError('invalid_request', problem);
}
