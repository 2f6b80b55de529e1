import { ANSWER_HEADERS, INFERENCE_ERRORS, INFERENCE_HEADERS } from '../../openapi/inference.js';
import type { Content, Operation, OperationParameter } from '../../openapi/operation.js';
import { COUNT, eventsOf, FLAG, oneWordOf, TEXT } from '../../openapi/schema.js';
import { DELETED_RESPONSE, INPUT_ITEMS, INPUT_TOKENS, RESPONSE, RESPONSE_REQUEST } from './schemas.js';

const TAGS = ['Responses'];
const ID: OperationParameter = {
  name: 'id',
  in: 'path',
  description: 'Of a response, as in its `id`.',
  schema: { ...TEXT, minLength: 1 },
};
const json = (schema: Content[string]): Content => ({ 'application/json': schema });
const EVENTS: Content = {
  'text/event-stream': eventsOf('Numbered events, the last of which has the whole response.'),
};

export const CREATE: Operation = {
  summary: 'Make a response',
  description:
    'A response is made of a chat completion and kept for a while, unless `"store": false`. With `"background": true` it is made while nobody waits. With `X-Preload-Only: true` the model is made ready and the answer is 200 without a body.',
  tags: TAGS,
  parameters: INFERENCE_HEADERS,
  body: { content: json(RESPONSE_REQUEST) },
  answers: {
    200: {
      description: 'The response, or its events.',
      content: { ...json(RESPONSE), ...EVENTS },
      headers: ANSWER_HEADERS,
    },
    '4XX': {
      description: 'What the engine says of a request that it does not take, in its own words.',
      content: json({ type: 'object' }),
    },
  },
  errors: [...INFERENCE_ERRORS, 'stream_not_found'],
};

export const COUNT_INPUT: Operation = {
  summary: 'Count the tokens of an input',
  description:
    'Takes the body of a response. The prompt is read by an engine, so the count is exact and costs as much as reading it.',
  tags: TAGS,
  parameters: INFERENCE_HEADERS,
  body: { content: json(RESPONSE_REQUEST) },
  answers: { 200: { description: 'The count.', content: json(INPUT_TOKENS) } },
  errors: [...INFERENCE_ERRORS, 'stream_not_found'],
};

export const GET: Operation = {
  summary: 'Show a response, or tell its events again',
  tags: TAGS,
  parameters: [
    ID,
    { name: 'stream', in: 'query', description: 'Its events, and on until the last.', schema: FLAG },
    {
      name: 'starting_after',
      in: 'query',
      description: 'Only the events after this number.',
      schema: { ...COUNT, maximum: 999_999_999 },
    },
  ],
  answers: {
    200: { description: 'The response as it is now.', content: { ...json(RESPONSE), ...EVENTS } },
  },
  errors: ['stream_not_found', 'redis_unavailable'],
};

export const CANCEL: Operation = {
  summary: 'Stop a background response',
  tags: TAGS,
  parameters: [ID],
  answers: { 200: { description: 'The response; what was said stays.', content: json(RESPONSE) } },
  errors: ['stream_not_found', 'redis_unavailable'],
};

export const DELETE: Operation = {
  summary: 'Forget a response',
  tags: TAGS,
  parameters: [ID],
  answers: { 200: { description: 'It is gone.', content: json(DELETED_RESPONSE) } },
  errors: ['stream_not_found', 'redis_unavailable'],
};

export const LIST_INPUT: Operation = {
  summary: 'List what a response was asked',
  tags: TAGS,
  parameters: [
    ID,
    { name: 'order', in: 'query', description: '`desc` unless said.', schema: oneWordOf('asc', 'desc') },
    { name: 'after', in: 'query', description: 'The id of an item; only those behind it.', schema: TEXT },
    {
      name: 'limit',
      in: 'query',
      description: '20 unless said.',
      schema: { type: 'integer', minimum: 1, maximum: 100 },
    },
  ],
  answers: { 200: { description: 'A page of its items.', content: json(INPUT_ITEMS) } },
  errors: ['stream_not_found', 'redis_unavailable'],
};
