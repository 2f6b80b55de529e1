import { isTokenList } from './completion-request.js';
import { isListOf, isString, readString, show, type JsonObject } from './fields.js';
import { refuseUnsupported } from './parameters.js';
import { badRequest } from './request-error.js';

export interface EmbeddingRequest {
  /** Texts, or lists of token ids; at least one. */
  readonly inputs: readonly (string | readonly number[])[];
  readonly encoding: 'float' | 'base64';
}

/** @throws RequestError that names the field at fault. */
export function decodeEmbedding(body: JsonObject): EmbeddingRequest {
  refuseUnsupported(body);
  const encoding = readString(body, 'encoding_format') ?? 'float';
  if (encoding !== 'float' && encoding !== 'base64')
    throw badRequest(`'encoding_format' must be "float" or "base64", but is ${show(encoding)}.`);
  return { inputs: readInputs(body['input'] ?? undefined), encoding };
}

function readInputs(input: unknown): EmbeddingRequest['inputs'] {
  if (input === undefined) throw badRequest("'input' is required.");
  if (typeof input === 'string') return [input];
  if (Array.isArray(input) && input.length === 0) throw badRequest("'input' must not be empty.");
  if (isTokenList(input)) return [input];
  const isOne = (item: unknown): item is string | number[] => isString(item) || isTokenList(item);
  if (isListOf(input, isOne)) return input;
  throw badRequest(
    `'input' must be a string, a list of token ids, or a list of those, but is ${show(input)}.`,
  );
}
