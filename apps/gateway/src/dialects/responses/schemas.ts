import { schemaOfFields } from '../../http/request-field.js';
import { COUNT, FLAG, listOf, named, nullable, objectOf, oneWordOf, TEXT } from '../../openapi/schema.js';
import { INPUT_ITEM, RESPONSE_FIELDS } from './request-fields.js';

export const RESPONSE_REQUEST = named('ResponseRequest', schemaOfFields(RESPONSE_FIELDS, ['model', 'input']));

const USAGE = objectOf(
  {
    input_tokens: COUNT,
    input_tokens_details: objectOf({ cached_tokens: COUNT }),
    output_tokens: COUNT,
    output_tokens_details: objectOf({ reasoning_tokens: COUNT }),
    total_tokens: COUNT,
  },
  ['input_tokens', 'output_tokens', 'total_tokens'],
);

const OUTPUT_ITEM = named(
  'ResponseOutputItem',
  objectOf({ id: TEXT, type: oneWordOf('message', 'reasoning', 'function_call'), status: TEXT }, [
    'id',
    'type',
  ]),
);

export const RESPONSE = named(
  'Response',
  objectOf(
    {
      id: { ...TEXT, pattern: '^resp_' },
      object: { const: 'response' },
      created_at: { type: 'integer', description: 'Seconds since the epoch.' },
      completed_at: nullable({ type: 'integer' }),
      status: oneWordOf('queued', 'in_progress', 'completed', 'failed', 'incomplete', 'cancelled'),
      background: FLAG,
      error: nullable(objectOf({ code: TEXT, message: TEXT }, ['code', 'message'])),
      incomplete_details: nullable(objectOf({ reason: oneWordOf('max_output_tokens', 'content_filter') })),
      model: TEXT,
      output: listOf(OUTPUT_ITEM),
      output_text: TEXT,
      usage: nullable(USAGE),
      previous_response_id: nullable(TEXT),
      store: FLAG,
    },
    ['id', 'object', 'created_at', 'status', 'model', 'output'],
  ),
);

export const INPUT_ITEMS = named(
  'ResponseInputItems',
  objectOf(
    {
      object: { const: 'list' },
      data: listOf(INPUT_ITEM),
      first_id: nullable(TEXT),
      last_id: nullable(TEXT),
      has_more: FLAG,
    },
    ['object', 'data', 'has_more'],
  ),
);

export const INPUT_TOKENS = named(
  'ResponseInputTokens',
  objectOf({ object: { const: 'response.input_tokens' }, input_tokens: COUNT }, ['object', 'input_tokens']),
);

export const DELETED_RESPONSE = named(
  'DeletedResponse',
  objectOf({ id: TEXT, object: { const: 'response.deleted' }, deleted: FLAG }, ['id', 'object', 'deleted']),
);
