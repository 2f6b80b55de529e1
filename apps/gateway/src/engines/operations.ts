import { ENGINES, MODES } from '#contracts';
import type { Operation, OperationParameter } from '../openapi/operation.js';
import {
  COUNT,
  FLAG,
  listOf,
  named,
  NUMBER,
  objectOf,
  oneWordOf,
  TEXT,
  type Schema,
} from '../openapi/schema.js';

const TAGS = ['Engines'];
const JSON_TYPE = 'application/json';
const ENGINE = oneWordOf(...ENGINES);
const MODE = oneWordOf(...MODES);
const WORDS = listOf(TEXT);

const query = (name: string, description: string, schema: Schema): OperationParameter => ({
  name,
  in: 'query',
  description,
  schema,
});

const SETTINGS = {
  'context-size': {
    type: 'integer',
    minimum: -1,
    description: 'Tokens; 0 = as without it, -1 = as many as the model can.',
  },
  'runtime-flags': WORDS,
  speculative: objectOf({ draft_model: TEXT, num_tokens: COUNT, min_acceptance_rate: NUMBER }),
  keep_alive: { ...TEXT, description: 'A duration such as `10m`, `0`, or `-1` for ever.' },
  vllm: objectOf({ 'hf-overrides': { type: 'object' }, 'gpu-memory-utilization': NUMBER }),
  llamacpp: objectOf({ 'reasoning-budget': { type: 'integer', minimum: -1 } }),
};

export const RUNNING: Operation = {
  summary: 'List the models that are loaded',
  tags: TAGS,
  answers: {
    200: {
      description: 'One for each model, mode and engine.',
      content: {
        [JSON_TYPE]: listOf(
          named(
            'RunningModel',
            objectOf(
              {
                backend_name: ENGINE,
                model_name: TEXT,
                mode: MODE,
                last_used: { ...TEXT, format: 'date-time' },
                in_use: FLAG,
                loading: FLAG,
                keep_alive: TEXT,
                context_size: { ...COUNT, description: 'Tokens that a request can have at most.' },
                workers: WORDS,
              },
              ['backend_name', 'model_name', 'mode', 'last_used', 'workers'],
            ),
          ),
        ),
      },
    },
  },
  errors: ['redis_unavailable'],
};

export const UNLOAD: Operation = {
  summary: 'Unload models that are not in use',
  tags: TAGS,
  body: { content: { [JSON_TYPE]: objectOf({ all: FLAG, backend: TEXT, models: WORDS }) } },
  answers: {
    200: {
      description: 'How many were.',
      content: { [JSON_TYPE]: objectOf({ unloaded_runners: COUNT }, ['unloaded_runners']) },
    },
  },
  errors: ['unknown_engine', 'redis_unavailable'],
};

export const CONFIGURE: Operation = {
  summary: 'Say how a model is to be run, and load it so',
  description: 'A model that is not there is no error. What runs goes on until the new one is ready.',
  tags: TAGS,
  body: {
    content: {
      [JSON_TYPE]: named(
        'ModelConfiguration',
        objectOf({ model: { ...TEXT, minLength: 1 }, mode: MODE, 'raw-runtime-flags': TEXT, ...SETTINGS }, [
          'model',
        ]),
      ),
    },
  },
  answers: { 202: { description: 'It is kept.' } },
  errors: ['unknown_engine', 'model_not_found', 'no_capable_worker', 'runner_active', 'redis_unavailable'],
};

export const CONFIGURED: Operation = {
  summary: 'List how models are to be run',
  tags: TAGS,
  parameters: [query('model', 'One model only.', TEXT)],
  answers: {
    200: {
      description: 'What was configured; what nobody set is left out.',
      content: {
        [JSON_TYPE]: listOf(
          objectOf({ Backend: ENGINE, Model: TEXT, ModelID: TEXT, Mode: MODE, Config: objectOf(SETTINGS) }, [
            'Backend',
            'Model',
            'ModelID',
            'Mode',
            'Config',
          ]),
        ),
      },
    },
  },
  errors: ['unknown_engine', 'redis_unavailable'],
};

export const INSTALL: Operation = {
  summary: 'Ask for an engine',
  description:
    'Engines come with workers, so nothing is installed or removed: the answer says whether a worker has it.',
  tags: TAGS,
  body: {
    content: { [JSON_TYPE]: objectOf({ backend: { ...TEXT, minLength: 1 }, version: TEXT }, ['backend']) },
  },
  answers: { 200: { description: 'A worker that is alive has it.' } },
  errors: ['unknown_engine'],
  failures: { 404: 'No worker that is alive has it.' },
};

export const IMAGES: Operation = {
  summary: 'Refuse to generate images',
  description: 'No engine of Longshore makes images.',
  tags: ['OpenAI'],
  answers: {},
  errors: ['unknown_route', 'unknown_engine', 'request_too_large', 'unsupported_media_type'],
};

const RECORDS = listOf(
  named(
    'RecordedRequests',
    objectOf({ count: COUNT, model: TEXT, config: objectOf(SETTINGS), records: listOf({ type: 'object' }) }, [
      'count',
      'model',
      'config',
      'records',
    ]),
  ),
);

export const REQUESTS: Operation = {
  summary: 'Show what was asked and answered',
  description: 'Nothing is recorded unless `LONGSHORE_RECORD_REQUESTS` says how much of it.',
  tags: TAGS,
  parameters: [
    query('model', 'One model only.', TEXT),
    query('include_existing', 'Whether a stream begins with what was recorded before.', FLAG),
  ],
  answers: {
    200: {
      description: 'All records, or with exactly `Accept: text/event-stream` those to come.',
      content: { [JSON_TYPE]: RECORDS, 'text/event-stream': TEXT },
    },
  },
  errors: ['too_many_requests', 'redis_unavailable'],
};

export const LOGS: Operation = {
  summary: 'Show the log of the whole cluster',
  tags: ['Service'],
  parameters: [
    query('follow', 'Whether to go on with what is logged from now on.', FLAG),
    query('no-engines', 'Whether to leave out what engines print.', FLAG),
  ],
  answers: { 200: { description: 'Lines in the order of time.', content: { 'text/plain': TEXT } } },
  errors: ['too_many_requests', 'redis_unavailable'],
};
