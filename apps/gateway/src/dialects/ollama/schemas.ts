import {
  ANYTHING,
  COUNT,
  FLAG,
  listOf,
  named,
  NUMBER,
  objectOf,
  oneWordOf,
  TEXT,
  type Schema,
} from '../../openapi/schema.js';
import { OPTION_RULES } from './option-rules.js';

const NAME: Schema = { ...TEXT, minLength: 1, maxLength: 1_024 };
const INTEGER: Schema = { type: 'integer' };
const OBJECT: Schema = { type: 'object' };
const either = (...schemas: readonly Schema[]): Schema => ({ anyOf: schemas });

const OPTION_SCHEMAS = { number: NUMBER, integer: INTEGER, texts: either(TEXT, listOf(TEXT)) } as const;

const OPTIONS = named(
  'OllamaOptions',
  objectOf(
    Object.fromEntries(
      Object.entries(OPTION_RULES).map(([name, { kind, says }]) => [
        name,
        { ...(kind === undefined ? ANYTHING : OPTION_SCHEMAS[kind]), description: says },
      ]),
    ),
  ),
);

const KEEP_ALIVE: Schema = {
  ...either(NUMBER, TEXT),
  description: 'Seconds, or a duration such as `10m`; 0 unloads, -1 is for ever.',
};
const FORMAT = either(oneWordOf('json', ''), OBJECT);
const THINK = either(FLAG, oneWordOf('low', 'medium', 'high'));
const IMAGES: Schema = { ...listOf(TEXT), description: 'Base64.' };

const TOOL_CALL = objectOf({
  id: TEXT,
  function: objectOf({ index: COUNT, name: TEXT, arguments: OBJECT }, ['name']),
});

const MESSAGE = named(
  'OllamaMessage',
  objectOf(
    {
      role: oneWordOf('system', 'user', 'assistant', 'tool'),
      content: TEXT,
      thinking: TEXT,
      images: IMAGES,
      tool_calls: listOf(TOOL_CALL),
      tool_name: TEXT,
      tool_call_id: TEXT,
    },
    ['role'],
  ),
);

const SHARED = { model: NAME, keep_alive: KEEP_ALIVE, options: OPTIONS };
const GENERATING = {
  ...SHARED,
  stream: { ...FLAG, default: true },
  format: FORMAT,
  think: THINK,
  logprobs: FLAG,
  top_logprobs: { type: 'integer', minimum: 0, maximum: 20 },
};

export const CHAT_REQUEST = named(
  'OllamaChatRequest',
  objectOf({ ...GENERATING, messages: listOf(MESSAGE), tools: listOf(OBJECT) }, ['model']),
);

export const GENERATE_REQUEST = named(
  'OllamaGenerateRequest',
  objectOf({ ...GENERATING, prompt: TEXT, system: TEXT, raw: FLAG, images: IMAGES }, ['model']),
);

export const EMBED_REQUEST = named(
  'OllamaEmbedRequest',
  objectOf({ ...SHARED, input: either(TEXT, listOf(TEXT)), truncate: FLAG, dimensions: COUNT }, ['model']),
);

export const EMBEDDINGS_REQUEST = named(
  'OllamaEmbeddingsRequest',
  objectOf({ ...SHARED, prompt: TEXT }, ['model']),
);

export const TRANSFER_REQUEST = named(
  'OllamaTransferRequest',
  objectOf({ model: NAME, insecure: FLAG, stream: { ...FLAG, default: true } }, ['model']),
);

export const CREATE_REQUEST = named(
  'OllamaCreateRequest',
  objectOf(
    {
      model: NAME,
      from: NAME,
      stream: { ...FLAG, default: true },
      system: TEXT,
      template: { ...TEXT, description: 'Only the one that the model has.' },
      parameters: OPTIONS,
      messages: listOf(MESSAGE),
      license: either(TEXT, listOf(TEXT)),
    },
    ['model', 'from'],
  ),
);

export const COPY_REQUEST = named(
  'OllamaCopyRequest',
  objectOf({ source: NAME, destination: NAME }, ['source', 'destination']),
);

export const NAME_REQUEST = named('OllamaNameRequest', objectOf({ model: NAME }, ['model']));

export const SHOW_REQUEST = named('OllamaShowRequest', objectOf({ model: NAME, verbose: FLAG }, ['model']));

const METRICS = {
  done_reason: oneWordOf('stop', 'length', 'load', 'unload'),
  total_duration: COUNT,
  load_duration: COUNT,
  prompt_eval_count: COUNT,
  prompt_eval_duration: COUNT,
  eval_count: COUNT,
  eval_duration: COUNT,
};
const HEAD = { model: TEXT, created_at: TEXT, done: FLAG, logprobs: listOf(OBJECT) };

export const CHAT_ANSWER = named(
  'OllamaChatAnswer',
  objectOf({ ...HEAD, message: MESSAGE, ...METRICS }, ['model', 'created_at', 'message', 'done']),
);

export const GENERATE_ANSWER = named(
  'OllamaGenerateAnswer',
  objectOf({ ...HEAD, response: TEXT, thinking: TEXT, ...METRICS }, [
    'model',
    'created_at',
    'response',
    'done',
  ]),
);

export const EMBED_ANSWER = named(
  'OllamaEmbedAnswer',
  objectOf(
    {
      model: TEXT,
      embeddings: listOf(listOf(NUMBER)),
      total_duration: COUNT,
      load_duration: COUNT,
      prompt_eval_count: COUNT,
    },
    ['model', 'embeddings'],
  ),
);

export const EMBEDDINGS_ANSWER = named(
  'OllamaEmbeddingsAnswer',
  objectOf({ embedding: listOf(NUMBER) }, ['embedding']),
);

export const STATUS_ANSWER = named(
  'OllamaStatus',
  objectOf({ status: TEXT, digest: TEXT, total: COUNT, completed: COUNT }),
);

const DETAILS = objectOf({
  parent_model: TEXT,
  format: TEXT,
  family: TEXT,
  families: listOf(TEXT),
  parameter_size: TEXT,
  quantization_level: TEXT,
});

const LISTED = { name: TEXT, model: TEXT, size: COUNT, digest: TEXT, details: DETAILS };

export const TAGS_ANSWER = named(
  'OllamaTags',
  objectOf({ models: listOf(objectOf({ ...LISTED, modified_at: TEXT }, ['name', 'model'])) }, ['models']),
);

export const PROCESSES_ANSWER = named(
  'OllamaProcesses',
  objectOf(
    {
      models: listOf(
        objectOf({ ...LISTED, expires_at: TEXT, size_vram: COUNT, context_length: COUNT }, ['name', 'model']),
      ),
    },
    ['models'],
  ),
);

export const SHOW_ANSWER = named(
  'OllamaShow',
  objectOf(
    {
      license: TEXT,
      modelfile: TEXT,
      parameters: TEXT,
      template: TEXT,
      system: TEXT,
      details: DETAILS,
      messages: listOf(OBJECT),
      model_info: OBJECT,
      capabilities: listOf(oneWordOf('completion', 'tools', 'vision', 'embedding', 'thinking')),
      modified_at: TEXT,
    },
    ['details', 'model_info', 'capabilities'],
  ),
);

export const VERSION_ANSWER = objectOf({ version: TEXT }, ['version']);
