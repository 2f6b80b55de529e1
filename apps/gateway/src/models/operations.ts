import type { Operation, OperationParameter } from '../openapi/operation.js';
import { COUNT, listOf, named, objectOf, oneWordOf, TEXT, type Schema } from '../openapi/schema.js';

const TAGS = ['Models'];
const JSON_TYPE = 'application/json';
const BYTES: Schema = { type: 'string', format: 'binary' };
const TEXTS: Schema = { type: 'object', additionalProperties: TEXT };

const query = (name: string, description: string, schema: Schema, required = false): OperationParameter => ({
  name,
  in: 'query',
  description,
  schema,
  required,
});

const MODEL = named(
  'Model',
  objectOf(
    {
      id: { ...TEXT, pattern: '^sha256:[0-9a-f]{64}$' },
      tags: listOf(TEXT),
      created: { ...COUNT, description: 'Seconds since the epoch.' },
      config: objectOf({
        format: TEXT,
        quantization: TEXT,
        parameters: TEXT,
        architecture: TEXT,
        size: TEXT,
        gguf: TEXTS,
        safetensors: TEXTS,
        context_size: COUNT,
      }),
    },
    ['id', 'created', 'config'],
  ),
);

const PROGRESS = named(
  'Progress',
  objectOf(
    {
      type: oneWordOf('progress', 'success', 'warning', 'error'),
      message: TEXT,
      total: COUNT,
      layer: objectOf({ id: TEXT, size: COUNT, current: COUNT }, ['size', 'current']),
      mode: oneWordOf('pull', 'push'),
    },
    ['type', 'message', 'total', 'layer', 'mode'],
  ),
);

const PROGRESS_ANSWER = {
  description:
    'One JSON object a line, told as it goes; the last one has the type `success` or `error`. `Accept: application/json` has them told as such.',
  content: { 'text/plain': TEXT, [JSON_TYPE]: PROGRESS },
};

const REMOVED = listOf(named('RemovedEntry', objectOf({ Untagged: TEXT, Deleted: TEXT })));

const OF_REGISTRY = {
  400: 'The reference is none.',
  401: 'The registry refuses.',
  404: 'The registry has no such model.',
  422: 'What the registry has is no model that can be read.',
  500: 'The registry failed.',
};

export const LIST: Operation = {
  summary: 'List the models',
  tags: TAGS,
  answers: { 200: { description: 'All models.', content: { [JSON_TYPE]: listOf(MODEL) } } },
  errors: ['redis_unavailable'],
};

export const SHOW: Operation = {
  summary: 'Show a model',
  tags: TAGS,
  parameters: [query('remote', 'True, or there without a value: as its registry has it.', TEXT)],
  answers: { 200: { description: 'The model.', content: { [JSON_TYPE]: MODEL } } },
  errors: ['model_not_found', 'too_many_requests', 'redis_unavailable'],
  failures: OF_REGISTRY,
};

export const EXPORT: Operation = {
  summary: 'Fetch the files of a model',
  tags: TAGS,
  wildcard: '{model}/export',
  answers: {
    200: {
      description: 'A tar archive that `POST /models/load` takes.',
      content: { 'application/x-tar': BYTES },
    },
  },
  errors: ['model_not_found', 'too_many_requests', 'no_worker', 'redis_unavailable'],
};

export const REMOVE: Operation = {
  summary: 'Take a tag from a model, or delete it with its last one',
  tags: TAGS,
  parameters: [query('force', 'True also deletes a model that has several tags by its id.', TEXT)],
  answers: { 200: { description: 'What was removed, in order.', content: { [JSON_TYPE]: REMOVED } } },
  errors: ['model_not_found', 'model_conflict', 'redis_unavailable'],
};

export const PURGE: Operation = {
  summary: 'Delete every model',
  tags: TAGS,
  answers: { 200: { description: 'There is none left.' } },
  errors: ['redis_unavailable'],
};

export const PULL: Operation = {
  summary: 'Pull a model',
  description: 'From an OCI registry or from Hugging Face. Who hangs up leaves the pull going on.',
  tags: TAGS,
  body: {
    content: { [JSON_TYPE]: objectOf({ from: { ...TEXT, minLength: 1 }, 'bearer-token': TEXT }, ['from']) },
  },
  answers: { 200: PROGRESS_ANSWER },
  errors: ['too_many_requests', 'redis_unavailable'],
  failures: OF_REGISTRY,
};

export const CANCEL_PULL: Operation = {
  summary: 'End a pull for everybody who follows it',
  tags: TAGS,
  parameters: [
    query('from', 'What is being pulled; absent, a model of the name `create` is removed.', TEXT),
    query('force', 'As for other models, where `from` is absent.', TEXT),
  ],
  answers: { 200: { description: 'It has ended, or what was removed.', content: { [JSON_TYPE]: REMOVED } } },
  errors: ['model_not_found', 'model_conflict', 'redis_unavailable'],
  failures: { 404: 'No such pull is going on.' },
};

export const LOAD: Operation = {
  summary: 'Store a model from a tar archive',
  description: 'It has no tag yet; the header `X-Longshore-Model` of the answer is its id.',
  tags: TAGS,
  body: { content: { 'application/x-tar': BYTES } },
  answers: { 200: PROGRESS_ANSWER },
  errors: ['unsupported_media_type', 'too_many_requests', 'no_worker', 'redis_unavailable'],
};

export const PACKAGE: Operation = {
  summary: 'Make a model of a GGUF file, or of a tar archive of files',
  tags: TAGS,
  parameters: [
    query('target', 'The name that the model gets.', TEXT, true),
    query('context_size', 'Tokens of context that it is run with.', { type: 'integer', minimum: 1 }),
  ],
  body: { content: { 'application/octet-stream': BYTES, 'application/x-tar': BYTES } },
  answers: { 200: PROGRESS_ANSWER },
  errors: ['unsupported_media_type', 'too_many_requests', 'no_worker', 'redis_unavailable'],
  failures: { 411: 'The length of what is sent must be told.' },
};

export const TAG: Operation = {
  summary: 'Give a model another name',
  tags: TAGS,
  wildcard: '{model}/tag',
  parameters: [
    query('repo', 'Such as `docker.io/ai/smollm2`.', { ...TEXT, minLength: 1 }, true),
    query('tag', 'Such as `latest`.', { ...TEXT, minLength: 1 }, true),
  ],
  answers: {
    201: {
      description: 'The model has the name, and no other one has.',
      content: { [JSON_TYPE]: objectOf({ message: TEXT, target: TEXT }, ['message', 'target']) },
    },
  },
  errors: ['model_not_found', 'redis_unavailable'],
};

export const PUSH: Operation = {
  summary: 'Push a model to the registry that its name says',
  tags: TAGS,
  wildcard: '{model}/push',
  body: { content: { [JSON_TYPE]: objectOf({ 'bearer-token': TEXT }) }, optional: true },
  answers: { 200: PROGRESS_ANSWER },
  errors: ['model_not_found', 'too_many_requests', 'no_worker', 'redis_unavailable'],
  failures: OF_REGISTRY,
};

export const REPACKAGE: Operation = {
  summary: 'Make a model of the same files with another context, or give it another name',
  tags: TAGS,
  wildcard: '{model}/repackage',
  body: {
    content: {
      [JSON_TYPE]: objectOf(
        { target: { ...TEXT, minLength: 1 }, context_size: { type: 'integer', minimum: 1 } },
        ['target'],
      ),
    },
  },
  answers: {
    201: {
      description: 'There is such a model.',
      content: { [JSON_TYPE]: objectOf({ message: TEXT, source: TEXT, target: TEXT }, ['message']) },
    },
  },
  errors: ['model_not_found', 'too_many_requests', 'no_worker', 'redis_unavailable'],
};
