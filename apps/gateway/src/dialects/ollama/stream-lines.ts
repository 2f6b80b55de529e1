import { encodeFailureLine } from './encode-error.js';
import type { JsonObject } from './fields.js';

export const NDJSON = 'application/x-ndjson';
export const JSON_TYPE = 'application/json; charset=utf-8';

export function encodeLines(lines: readonly JsonObject[]): Buffer {
  return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/**
 * Lines as bytes. What fails behind the first of them says so in a line of its own and then fails, so that the client's
 * connection is cut and nobody takes the part for the whole.
 */
export async function* tellLines(
  batches: AsyncIterable<readonly JsonObject[]>,
): AsyncGenerator<Buffer, void, void> {
  let begun = false;
  try {
    for await (const lines of batches) {
      if (lines.length === 0) continue;
      begun = true;
      yield encodeLines(lines);
    }
  } catch (error) {
    if (begun) yield encodeFailureLine(error);
    throw error;
  }
}
