import { ANSWER_HEADERS, INFERENCE_ERRORS, INFERENCE_HEADERS } from '../../openapi/inference.js';
import type { Operation, OperationParameter } from '../../openapi/operation.js';
import { eventsOf, type Schema, TEXT } from '../../openapi/schema.js';
import {
  ANTHROPIC_ERROR,
  COUNT_REQUEST,
  MESSAGE,
  MESSAGE_REQUEST,
  MODEL,
  MODEL_LIST,
  TOKEN_COUNT,
} from './schemas.js';

const TAGS = ['Anthropic'];

const call = (summary: string, request: Schema, answers: Readonly<Record<string, Schema>>): Operation => ({
  summary,
  tags: TAGS,
  parameters: INFERENCE_HEADERS,
  body: { content: { 'application/json': request } },
  answers: {
    200: { description: 'The answer.', content: answers, headers: ANSWER_HEADERS },
    '4XX': {
      description: 'What the engine says of a request that it does not take, in its own words.',
      content: { 'application/json': ANTHROPIC_ERROR },
    },
  },
  errors: INFERENCE_ERRORS,
});

export const CREATE_MESSAGE = call('Answer with a message', MESSAGE_REQUEST, {
  'application/json': MESSAGE,
  'text/event-stream': eventsOf('Events from `message_start` to `message_stop`, or to `error`.'),
});

export const COUNT_TOKENS = call('Count the tokens of a request for a message', COUNT_REQUEST, {
  'application/json': TOKEN_COUNT,
});

const query = (name: string, description: string, schema: Schema): OperationParameter => ({
  name,
  in: 'query',
  description,
  schema,
});

export const LIST_MODELS: Operation = {
  summary: 'List the models as Anthropic lists its own',
  description: 'Also at `/v1/models`, for requests with the header `anthropic-version`.',
  tags: TAGS,
  parameters: [
    query('limit', 'How many at most.', { type: 'integer', minimum: 1, maximum: 1_000, default: 20 }),
    query('after_id', 'Only models after this one.', TEXT),
    query('before_id', 'Only models before this one.', TEXT),
  ],
  answers: { 200: { description: 'The newest first.', content: { 'application/json': MODEL_LIST } } },
  errors: ['invalid_request'],
};

export const GET_MODEL: Operation = {
  summary: 'Tell of one model as Anthropic does',
  tags: TAGS,
  answers: { 200: { description: 'The model.', content: { 'application/json': MODEL } } },
  errors: ['model_not_found'],
};
