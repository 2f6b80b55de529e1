import type { EngineRoute } from '#contracts';
import { COUNT, FLAG, listOf, NUMBER, objectOf, oneWordOf, TEXT, type Schema } from '../../openapi/schema.js';
import { passed, read, type RequestFields } from '../../http/request-field.js';

const MODEL: Schema = { ...TEXT, minLength: 1, maxLength: 1_024, description: 'For example `ai/smollm2`.' };
const MESSAGE = objectOf(
  { role: TEXT, content: { type: ['string', 'array', 'null'], items: objectOf({ type: TEXT }, ['type']) } },
  ['role'],
);
const TOKENS = listOf(COUNT);
/** A text, or several, each as text or as tokens. */
const TEXTS = { anyOf: [TEXT, listOf({ anyOf: [TEXT, COUNT, TOKENS] })] };
const STOP = { ...TEXT, minLength: 1 };
const WORDS = { type: 'object', additionalProperties: TEXT };

/** Members that any call of the API has or that say who calls; engines that do not know them lose nothing. */
const COMMON: RequestFields = {
  model: read(MODEL),
  user: passed(TEXT),
};

/** Members of everything that generates. */
const GENERATING: RequestFields = {
  ...COMMON,
  stream: read(FLAG),
  stream_options: passed(objectOf({ include_usage: FLAG })),
  frequency_penalty: passed(NUMBER),
  presence_penalty: passed(NUMBER),
  logit_bias: passed({ type: 'object', additionalProperties: NUMBER }),
  max_tokens: passed(COUNT),
  n: passed({ type: 'integer', minimum: 1 }),
  seed: passed({ type: 'integer' }),
  stop: passed({ anyOf: [STOP, listOf(STOP)] }),
  temperature: passed(NUMBER),
  top_p: passed(NUMBER),
};

/** What becomes of each member of a chat completion request. */
export const CHAT_FIELDS: RequestFields = {
  ...GENERATING,
  messages: read({ ...listOf(MESSAGE), minItems: 1 }),
  max_completion_tokens: passed(COUNT),
  logprobs: passed(FLAG),
  top_logprobs: passed(COUNT),
  parallel_tool_calls: passed(FLAG),
  reasoning_effort: passed(TEXT),
  response_format: passed(objectOf({ type: TEXT }, ['type'])),
  service_tier: read(TEXT),
  tools: passed(listOf(objectOf({ type: TEXT, function: objectOf({ name: TEXT }, ['name']) }, ['type']))),
  tool_choice: passed({ type: ['string', 'object'] }),
  verbosity: passed(oneWordOf('low', 'medium', 'high')),
  prompt_cache_key: read(TEXT),
  // Hints, names and labels: no engine needs them, and an answer without them is the same answer.
  metadata: passed(WORDS),
  store: passed(FLAG),
  safety_identifier: passed(TEXT),
  prompt_cache_options: passed({ type: 'object' }),
  prompt_cache_retention: passed(TEXT),
  prediction: passed({ type: 'object' }),
  audio: { standing: 'refused', why: 'nothing in the cluster speaks.' },
  modalities: {
    standing: 'refused',
    schema: listOf(oneWordOf('text')),
    asksForNothing: (value) => Array.isArray(value) && value.every((word) => word === 'text'),
    why: 'answers are text; use ["text"].',
  },
  moderation: { standing: 'refused', why: 'nothing in the cluster moderates.' },
  web_search_options: {
    standing: 'refused',
    why: 'nothing here is searched for; offer a tool that searches.',
  },
  functions: { standing: 'refused', why: 'engines know "tools" only; write each function as a tool.' },
  function_call: {
    standing: 'refused',
    schema: oneWordOf('none', 'auto'),
    asksForNothing: (value) => value === 'none' || value === 'auto',
    why: 'engines know "tool_choice" only.',
  },
};

/** What becomes of each member of a completion request. */
export const COMPLETION_FIELDS: RequestFields = {
  ...GENERATING,
  prompt: read(TEXTS),
  logprobs: passed(COUNT),
  echo: passed(FLAG),
  suffix: passed(TEXT),
  best_of: {
    standing: 'refused',
    schema: { type: 'integer', const: 1 },
    asksForNothing: (value, { n }) => value === (n ?? 1),
    why: 'no engine makes more answers than it returns; use "n".',
  },
};

/** What becomes of each member of an embedding request. */
export const EMBEDDING_FIELDS: RequestFields = {
  ...COMMON,
  input: read(TEXTS),
  dimensions: passed({ type: 'integer', minimum: 1 }),
  encoding_format: passed(oneWordOf('float', 'base64')),
};

/** What becomes of each member of a call that ranks; not of the OpenAI API, but in its manner. */
export const RERANK_FIELDS: RequestFields = {
  model: read(MODEL),
  query: passed(TEXT),
  documents: passed(listOf(TEXT)),
  top_n: passed(COUNT),
};

/** What becomes of each member of a call that scores pairs of texts. */
export const SCORE_FIELDS: RequestFields = {
  model: read(MODEL),
  text_1: passed({ anyOf: [TEXT, listOf(TEXT)] }),
  text_2: passed({ anyOf: [TEXT, listOf(TEXT)] }),
};

export const FIELDS_OF: Readonly<Record<EngineRoute, RequestFields>> = {
  '/v1/chat/completions': CHAT_FIELDS,
  '/v1/chat/completions/input_tokens': CHAT_FIELDS,
  '/v1/completions': COMPLETION_FIELDS,
  '/v1/embeddings': EMBEDDING_FIELDS,
  '/v1/rerank': RERANK_FIELDS,
  '/rerank': RERANK_FIELDS,
  '/v1/score': SCORE_FIELDS,
  '/score': SCORE_FIELDS,
};
