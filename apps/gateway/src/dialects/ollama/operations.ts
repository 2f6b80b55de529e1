import type { ErrorCode } from '#contracts';
import { ANSWER_HEADERS, INFERENCE_ERRORS, INFERENCE_HEADERS } from '../../openapi/inference.js';
import type { Operation } from '../../openapi/operation.js';
import { objectOf, TEXT, type Schema } from '../../openapi/schema.js';
import {
  CHAT_ANSWER,
  CHAT_REQUEST,
  COPY_REQUEST,
  CREATE_REQUEST,
  EMBED_ANSWER,
  EMBED_REQUEST,
  EMBEDDINGS_ANSWER,
  EMBEDDINGS_REQUEST,
  GENERATE_ANSWER,
  GENERATE_REQUEST,
  NAME_REQUEST,
  PROCESSES_ANSWER,
  SHOW_ANSWER,
  SHOW_REQUEST,
  STATUS_ANSWER,
  TAGS_ANSWER,
  TRANSFER_REQUEST,
  VERSION_ANSWER,
} from './schemas.js';

const TAGS = ['Ollama'];
const JSON_BODY = 'application/json';
const LINES: Schema = { ...TEXT, description: 'One JSON object a line, in the shape of the answer.' };

const jsonBody = (schema: Schema): NonNullable<Operation['body']> => ({ content: { [JSON_BODY]: schema } });

interface Answering {
  readonly summary: string;
  readonly request: Schema;
  readonly answer: Schema;
  /** It can answer in lines. */
  readonly streams?: boolean;
}

/** What an engine answers. */
function asking({ summary, request, answer, streams = false }: Answering): Operation {
  const content = { [JSON_BODY]: answer, ...(streams && { 'application/x-ndjson': LINES }) };
  return {
    summary,
    tags: TAGS,
    parameters: INFERENCE_HEADERS,
    body: jsonBody(request),
    answers: {
      200: { description: 'The answer.', content, headers: ANSWER_HEADERS },
      '4XX': {
        description: 'What the engine says of a request that it does not take.',
        content: { [JSON_BODY]: objectOf({ error: TEXT }, ['error']) },
      },
    },
    errors: INFERENCE_ERRORS,
  };
}

export const CHAT = asking({
  summary: 'Answer a conversation; without messages load or unload the model',
  request: CHAT_REQUEST,
  answer: CHAT_ANSWER,
  streams: true,
});

export const GENERATE = asking({
  summary: 'Answer a prompt; without one load or unload the model',
  request: GENERATE_REQUEST,
  answer: GENERATE_ANSWER,
  streams: true,
});

export const EMBED = asking({
  summary: 'Vectors of texts',
  request: EMBED_REQUEST,
  answer: EMBED_ANSWER,
});

export const EMBEDDINGS = asking({
  summary: 'The vector of one text, in the older shape',
  request: EMBEDDINGS_REQUEST,
  answer: EMBEDDINGS_ANSWER,
});

function reading(summary: string, answer: Schema): Operation {
  return {
    summary,
    tags: TAGS,
    answers: { 200: { description: summary, content: { [JSON_BODY]: answer } } },
    errors: ['redis_unavailable'],
  };
}

export const VERSION: Operation = {
  ...reading('The release of Ollama whose API this is', VERSION_ANSWER),
  errors: [],
  open: true,
};
export const LIST = reading('The models, one entry for each name', TAGS_ANSWER);
export const PROCESSES = reading('The models that are loaded', PROCESSES_ANSWER);

const NAMING: readonly ErrorCode[] = ['model_required', 'model_not_found', 'redis_unavailable'];
const BAD_NAME = { 400: 'A name is no reference of a model.' };

export const SHOW: Operation = {
  ...reading('One model, with what its file says of itself', SHOW_ANSWER),
  body: jsonBody(SHOW_REQUEST),
  errors: NAMING,
};

export const COPY: Operation = {
  summary: 'Give a model one more name',
  tags: TAGS,
  body: jsonBody(COPY_REQUEST),
  answers: { 200: { description: 'Done.' } },
  errors: NAMING,
  failures: BAD_NAME,
};

export const DELETE: Operation = {
  summary: 'Take a name away, and the model with its last one',
  tags: TAGS,
  body: jsonBody(NAME_REQUEST),
  answers: { 200: { description: 'Done.' } },
  errors: [...NAMING, 'model_conflict'],
};

function telling(summary: string, request: Schema, failures: Operation['failures'] = BAD_NAME): Operation {
  const content = { [JSON_BODY]: STATUS_ANSWER, 'application/x-ndjson': LINES };
  return {
    summary,
    tags: TAGS,
    body: jsonBody(request),
    answers: { 200: { description: 'How it goes, or went.', content } },
    errors: [...NAMING, 'too_many_requests'],
    failures,
  };
}

export const CREATE = telling('Make a name that brings a system prompt and options along', CREATE_REQUEST);

const TRANSFER_FAILURES = {
  ...BAD_NAME,
  401: 'The registry refuses.',
  404: 'There is no such model.',
  422: 'What the registry has is no model.',
  500: 'The transfer failed.',
};
export const PULL = telling('Pull a model into the cluster', TRANSFER_REQUEST, TRANSFER_FAILURES);
export const PUSH = telling('Push a model to its registry', TRANSFER_REQUEST, TRANSFER_FAILURES);

export const TAKE_BLOB: Operation = {
  summary: 'Not taken: files of models are sent to `POST /models/package`',
  tags: TAGS,
  answers: {},
  failures: { 400: 'Files are not taken here.' },
};

export const LOOK_FOR_BLOB: Operation = {
  summary: 'There is none: files of models are sent to `POST /models/package`',
  tags: TAGS,
  answers: {},
  failures: { 404: 'Files are not kept here.' },
};
