import { FormatError } from './format-error.js';

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * @param what names the document in the message, for example `the manifest`.
 * @throws FormatError when the bytes are not one JSON object.
 */
export function parseJson(bytes: Uint8Array, what: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new FormatError(`${what} is not JSON`);
  }
  if (!isRecord(value)) throw new FormatError(`${what} is not a JSON object`);
  return value;
}
