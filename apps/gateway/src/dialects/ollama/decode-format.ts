import { isObject, type JsonObject, refuse } from './fields.js';

/** What an answer is to look like: `json`, or a JSON schema, as the engines take it. @throws LongshoreError */
export function decodeFormat({ format }: JsonObject): JsonObject | undefined {
  if (format === undefined || format === null || format === '') return undefined;
  if (format === 'json') return { type: 'json_object' };
  if (isObject(format)) return { type: 'json_schema', json_schema: { name: 'format', schema: format } };
  throw refuse('format', 'must be "json" or a JSON schema.');
}
