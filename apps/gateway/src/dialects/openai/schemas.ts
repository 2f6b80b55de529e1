import { COUNT, listOf, named, nullable, NUMBER, objectOf, TEXT, type Schema } from '../../openapi/schema.js';
import { schemaOfFields } from '../../http/request-field.js';
import {
  CHAT_FIELDS,
  COMPLETION_FIELDS,
  EMBEDDING_FIELDS,
  RERANK_FIELDS,
  SCORE_FIELDS,
} from './request-fields.js';

/** The error object of the OpenAI API. */
export const OPENAI_ERROR = named(
  'OpenAiError',
  objectOf(
    {
      error: objectOf(
        // An engine's own error may have a number for a code, or no parameter.
        { message: TEXT, type: TEXT, param: nullable(TEXT), code: { type: ['string', 'integer', 'null'] } },
        ['message'],
      ),
    },
    ['error'],
  ),
);

const USAGE = named(
  'Usage',
  objectOf({ prompt_tokens: COUNT, completion_tokens: COUNT, total_tokens: COUNT }, [
    'prompt_tokens',
    'total_tokens',
  ]),
);

export const CHAT_REQUEST = named(
  'ChatCompletionRequest',
  schemaOfFields(CHAT_FIELDS, ['model', 'messages']),
);

const CHAT_MESSAGE = objectOf(
  {
    role: TEXT,
    content: nullable(TEXT),
    reasoning_content: nullable(TEXT),
    tool_calls: nullable(
      listOf(objectOf({ id: TEXT, type: TEXT, function: objectOf({ name: TEXT, arguments: TEXT }) })),
    ),
  },
  ['role'],
);

export const CHAT_COMPLETION = named(
  'ChatCompletion',
  objectOf(
    {
      id: TEXT,
      object: { const: 'chat.completion' },
      created: { type: 'integer' },
      model: TEXT,
      choices: listOf(
        objectOf({ index: COUNT, message: CHAT_MESSAGE, finish_reason: nullable(TEXT) }, ['message']),
      ),
      usage: USAGE,
    },
    ['choices'],
  ),
);

export const COMPLETION_REQUEST = named(
  'CompletionRequest',
  schemaOfFields(COMPLETION_FIELDS, ['model', 'prompt']),
);

export const COMPLETION = named(
  'Completion',
  objectOf(
    {
      id: TEXT,
      object: { const: 'text_completion' },
      created: { type: 'integer' },
      model: TEXT,
      choices: listOf(objectOf({ index: COUNT, text: TEXT, finish_reason: nullable(TEXT) }, ['text'])),
      usage: USAGE,
    },
    ['choices'],
  ),
);

export const EMBEDDING_REQUEST = named(
  'EmbeddingRequest',
  schemaOfFields(EMBEDDING_FIELDS, ['model', 'input']),
);

export const EMBEDDINGS = named(
  'Embeddings',
  objectOf(
    {
      object: { const: 'list' },
      model: TEXT,
      data: listOf(
        objectOf({ index: COUNT, object: TEXT, embedding: { anyOf: [listOf(NUMBER), TEXT] } }, ['embedding']),
      ),
      usage: USAGE,
    },
    ['data'],
  ),
);

export const RERANK_REQUEST = named(
  'RerankRequest',
  schemaOfFields(RERANK_FIELDS, ['model', 'query', 'documents']),
);

/** Engines answer in two ways that have this in common. */
export const RANKING = named(
  'Ranking',
  objectOf({ results: listOf(objectOf({ index: COUNT, relevance_score: NUMBER })) }),
);

export const SCORE_REQUEST = named(
  'ScoreRequest',
  schemaOfFields(SCORE_FIELDS, ['model', 'text_1', 'text_2']),
);

export const SCORES = named(
  'Scores',
  objectOf({ data: listOf(objectOf({ index: COUNT, score: NUMBER }, ['score'])) }),
);

const MODEL_PROPERTIES: Readonly<Record<string, Schema>> = {
  id: TEXT,
  object: { const: 'model' },
  created: { type: 'integer', description: 'Seconds since the epoch.' },
  owned_by: TEXT,
  dmr: objectOf({
    context_window: COUNT,
    architecture: TEXT,
    parameters: TEXT,
    quantization: TEXT,
    size: TEXT,
  }),
};

export const OPENAI_MODEL = named(
  'OpenAiModel',
  objectOf(MODEL_PROPERTIES, ['id', 'object', 'created', 'owned_by']),
);

export const OPENAI_MODEL_LIST = named(
  'OpenAiModelList',
  objectOf({ object: { const: 'list' }, data: listOf(OPENAI_MODEL) }, ['object', 'data']),
);
