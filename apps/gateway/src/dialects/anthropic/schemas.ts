import {
  ANYTHING,
  COUNT,
  FLAG,
  listOf,
  named,
  nullable,
  NUMBER,
  objectOf,
  oneWordOf,
  type Schema,
  TEXT,
} from '../../openapi/schema.js';

const POSITIVE: Schema = { type: 'integer', minimum: 1 };

export const ANTHROPIC_ERROR = named(
  'AnthropicError',
  objectOf(
    {
      type: oneWordOf('error'),
      error: objectOf({ type: TEXT, message: TEXT, details: objectOf({}) }, ['type', 'message']),
      request_id: nullable(TEXT),
    },
    ['type', 'error', 'request_id'],
  ),
);

const BLOCK = named('AnthropicBlock', objectOf({ type: TEXT }, ['type']));
const CONTENT: Schema = { anyOf: [TEXT, listOf(BLOCK)] };

const COUNTED = {
  model: TEXT,
  messages: listOf(
    objectOf({ role: oneWordOf('user', 'assistant', 'system'), content: CONTENT }, ['role', 'content']),
  ),
  system: CONTENT,
  tools: listOf(
    objectOf({ name: TEXT, description: TEXT, input_schema: objectOf({}) }, ['name', 'input_schema']),
  ),
  tool_choice: objectOf(
    { type: oneWordOf('auto', 'any', 'tool', 'none'), name: TEXT, disable_parallel_tool_use: FLAG },
    ['type'],
  ),
  thinking: objectOf(
    {
      type: oneWordOf('enabled', 'disabled', 'adaptive'),
      budget_tokens: POSITIVE,
      display: oneWordOf('summarized', 'omitted'),
    },
    ['type'],
  ),
  output_config: objectOf({
    effort: oneWordOf('low', 'medium', 'high', 'xhigh', 'max'),
    format: objectOf({ type: oneWordOf('json_schema'), schema: objectOf({}) }, ['type', 'schema']),
  }),
};

export const COUNT_REQUEST = named('AnthropicCountRequest', objectOf(COUNTED, ['model', 'messages']));

export const MESSAGE_REQUEST = named(
  'AnthropicMessageRequest',
  objectOf(
    {
      ...COUNTED,
      max_tokens: POSITIVE,
      stream: FLAG,
      stop_sequences: listOf({ ...TEXT, minLength: 1 }),
      temperature: NUMBER,
      top_p: NUMBER,
      top_k: NUMBER,
      metadata: objectOf({ user_id: nullable(TEXT) }),
    },
    ['model', 'messages', 'max_tokens'],
  ),
);

export const TOKEN_COUNT = named('AnthropicTokenCount', objectOf({ input_tokens: COUNT }, ['input_tokens']));

const USAGE = objectOf(
  {
    input_tokens: COUNT,
    cache_read_input_tokens: COUNT,
    cache_creation_input_tokens: COUNT,
    output_tokens: COUNT,
  },
  ['input_tokens', 'output_tokens'],
);

export const MESSAGE = named(
  'AnthropicMessage',
  objectOf(
    {
      id: TEXT,
      type: oneWordOf('message'),
      role: oneWordOf('assistant'),
      model: TEXT,
      content: listOf(BLOCK),
      stop_reason: TEXT,
      stop_sequence: nullable(TEXT),
      stop_details: ANYTHING,
      usage: USAGE,
    },
    ['id', 'type', 'role', 'model', 'content', 'stop_reason', 'stop_sequence', 'usage'],
  ),
);

export const MODEL = named(
  'AnthropicModel',
  objectOf(
    {
      type: oneWordOf('model'),
      id: TEXT,
      display_name: TEXT,
      created_at: TEXT,
      max_input_tokens: nullable(COUNT),
    },
    ['type', 'id', 'display_name', 'created_at'],
  ),
);

export const MODEL_LIST = named(
  'AnthropicModelList',
  objectOf({ data: listOf(MODEL), has_more: FLAG, first_id: nullable(TEXT), last_id: nullable(TEXT) }, [
    'data',
    'has_more',
    'first_id',
    'last_id',
  ]),
);
