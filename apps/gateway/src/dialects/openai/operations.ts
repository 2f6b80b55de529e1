import type { Operation, OperationAnswer } from '../../openapi/operation.js';
import { ANSWER_HEADERS, INFERENCE_ERRORS, INFERENCE_HEADERS } from '../../openapi/inference.js';
import { eventsOf, type Schema } from '../../openapi/schema.js';
import { OPENAI_ERROR } from './schemas.js';

const ENGINE_REFUSES: OperationAnswer = {
  description: 'What the engine says of a request that it does not take, in its own words.',
  content: { 'application/json': OPENAI_ERROR },
};

const PRELOADING =
  'With `X-Preload-Only: true` the model is made ready and the answer is 200 without a body.';

interface InferenceOperation {
  readonly summary: string;
  readonly description?: string;
  readonly request: Schema;
  readonly answer: Schema;
  /** What an event of its stream says; absent = it has none. */
  readonly stream?: string;
}

/** The description of a call that is passed to an engine. */
export function inferenceOperation(parts: InferenceOperation): Operation {
  const { summary, description, request, answer, stream } = parts;
  const events = stream === undefined ? {} : { 'text/event-stream': eventsOf(stream) };
  return {
    summary,
    description: [description, PRELOADING].filter(Boolean).join('\n\n'),
    tags: ['OpenAI'],
    parameters: INFERENCE_HEADERS,
    body: { content: { 'application/json': request } },
    answers: {
      200: {
        description: "The engine's answer.",
        content: { 'application/json': answer, ...events },
        headers: ANSWER_HEADERS,
      },
      '4XX': ENGINE_REFUSES,
    },
    errors: INFERENCE_ERRORS,
  };
}
