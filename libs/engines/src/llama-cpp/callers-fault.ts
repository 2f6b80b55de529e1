import type { EngineResponse } from '../engine-client.js';
import { jsonResponse } from '../json-response.js';
import { isObject, parseObject } from '../request-body.js';

/** What llama-server says with status 500 though the request is at fault; with better words where its own say nothing. */
const FAULTS: readonly (readonly [RegExp, string?])[] = [
  [
    /^the current context does not support logits computation/,
    'This model cannot generate text: it is one that embeds or ranks.',
  ],
  [/^input \(\d+ tokens\) is too large to process/],
  [/^Failed to parse (?:messages|tools): /],
  [/^(?:image|audio|video) input is not supported/],
  [/^Failed to load image or audio file/],
  [/^Invalid base64 value/, 'The bytes of an image or other media are missing, or are not base64.'],
  [/^Unknown reasoning format: /],
];

/** The sentence for the caller when the failure is the caller's; undefined when it is llama-server's. */
export function callersFault(body: string): string | undefined {
  const error = parseObject(body)?.['error'];
  const message = isObject(error) ? error['message'] : undefined;
  if (typeof message !== 'string') return undefined;
  const fault = FAULTS.find(([pattern]) => pattern.test(message));
  return fault && (fault[1] ?? message);
}

/** An answer that refuses the request; in the shape of llama-server's own. */
export function refusal(message: string): EngineResponse {
  return jsonResponse(400, JSON.stringify({ error: { code: 400, message, type: 'invalid_request_error' } }));
}
