import { expect, it } from 'vitest';
import { callersFault } from './callers-fault.js';

const failure = (message: unknown): string =>
  JSON.stringify({ error: { code: 500, message, type: 'server_error' } });

it.each([
  ['input (1000 tokens) is too large to process. increase the physical batch size', /^input \(1000 tokens\)/],
  ['Failed to parse messages: Missing tool call type: 5', /^Failed to parse messages/],
  ['Failed to parse tools: Missing tool type: 5', /^Failed to parse tools/],
  ['Invalid base64 value', /^The bytes of an image/],
  ['Failed to load image or audio file', /^Failed to load image/],
  ['Unknown reasoning format: x', /^Unknown reasoning format: x$/],
  ['image input is not supported - hint: …', /^image input is not supported/],
  ['the current context does not support logits computation. skipping', /^This model cannot generate text/],
])('takes %j for a fault of the caller', (message, words) => {
  expect(callersFault(failure(message))).toMatch(words);
});

it.each([failure('failed to decode'), failure(5), '{"error":"image input is not supported"}', 'x', ''])(
  'takes %j for a failure of llama-server',
  (body) => {
    expect(callersFault(body)).toBeUndefined();
  },
);
