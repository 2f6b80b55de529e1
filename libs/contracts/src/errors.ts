/**
 * The error catalogue. Every failure a caller can see is one entry: HTTP status, whether trying again can help, the
 * OpenAI error type, what it means and what the caller can do. Dialects only choose how to print it.
 */
export interface ErrorEntry {
  readonly status: number;
  readonly retryable: boolean;
  /** `error.type` of the OpenAI dialect. */
  readonly type: string;
  readonly meaning: string;
  readonly advice: string;
}

const INVALID = 'invalid_request_error';
const SERVER = 'server_error';

/** No code is ever renamed: clients know them, and so do gateways and workers of other releases. */
export const ERRORS = {
  invalid_request: {
    status: 400,
    retryable: false,
    type: INVALID,
    meaning: 'The body is not a JSON object of the shape this route takes.',
    advice: 'Correct the field the message names.',
  },
  model_required: {
    status: 400,
    retryable: false,
    type: INVALID,
    meaning: 'The body names no model.',
    advice: 'Add "model", for example "ai/smollm2".',
  },
  request_too_large: {
    status: 400,
    retryable: false,
    type: INVALID,
    meaning: 'The body is larger than the gateway accepts.',
    advice: 'Send less, or raise LONGSHORE_BODY_LIMIT on the gateway.',
  },
  unsupported_media_type: {
    status: 415,
    retryable: false,
    type: INVALID,
    meaning: 'The content type is not JSON.',
    advice: 'Send Content-Type: application/json.',
  },
  invalid_api_key: {
    status: 401,
    retryable: false,
    type: 'authentication_error',
    meaning: 'The request carries no API key, or one that is unknown, has expired or was revoked.',
    advice: 'Send a key as "Authorization: Bearer", x-api-key, Basic password or path prefix /k/<key>/.',
  },
  not_allowed: {
    status: 403,
    retryable: false,
    type: 'permission_error',
    meaning: 'The API key may not do this, or the origin of the page may not ask this gateway.',
    advice: 'Use a key with the scope or the model that the message names; origins are set by DMR_ORIGINS.',
  },
  rate_limited: {
    status: 429,
    retryable: true,
    type: 'rate_limit_error',
    meaning: 'The API key has used up its requests or its tokens of this minute.',
    advice: 'Wait for as long as Retry-After says, or have the limits of the key raised.',
  },
  unknown_engine: {
    status: 404,
    retryable: false,
    type: INVALID,
    meaning: 'The path names an engine that does not exist.',
    advice: 'Use llama.cpp, vllm, sglang or openai, or leave the engine out.',
  },
  unknown_route: {
    status: 404,
    retryable: false,
    type: INVALID,
    meaning: 'There is nothing at this path.',
    advice: 'See docs/api.md for the routes.',
  },
  method_not_allowed: {
    status: 405,
    retryable: false,
    type: INVALID,
    meaning: 'The path does not take this method.',
    advice: 'Use one of those that the header Allow names.',
  },
  model_not_found: {
    status: 404,
    retryable: false,
    type: INVALID,
    meaning: 'No model of that name has been pulled into the cluster.',
    advice: 'Pull it: POST /models/create {"from": "<name>"}.',
  },
  model_conflict: {
    status: 409,
    retryable: false,
    type: INVALID,
    meaning: 'The model has several tags, so deleting it by id must be forced.',
    advice: 'Delete one tag, or add ?force=true.',
  },
  no_capable_worker: {
    status: 404,
    retryable: true,
    type: INVALID,
    meaning: 'Workers are alive, but none has an engine for this model or the engine the path names.',
    advice: 'Start a worker of a variant that can run it.',
  },
  no_worker: {
    status: 503,
    retryable: true,
    type: SERVER,
    meaning: 'No worker is alive.',
    advice: 'Start a worker and try again.',
  },
  redis_unavailable: {
    status: 503,
    retryable: true,
    type: SERVER,
    meaning: 'The gateway cannot reach Redis.',
    advice: 'Try again; if it stays, check that Redis runs.',
  },
  shutting_down: {
    status: 503,
    retryable: true,
    type: SERVER,
    meaning: 'This gateway is stopping.',
    advice: 'Try again; another gateway will answer.',
  },
  too_many_requests: {
    status: 429,
    retryable: true,
    type: 'rate_limit_error',
    meaning: 'The gateway holds as many open requests as it may.',
    advice: 'Wait for as long as Retry-After says.',
  },
  queue_full: {
    status: 429,
    retryable: true,
    type: 'rate_limit_error',
    meaning: 'As many requests wait for this model as may.',
    advice: 'Wait for as long as Retry-After says, or add workers.',
  },
  idempotency_conflict: {
    status: 422,
    retryable: false,
    type: INVALID,
    meaning: 'The Idempotency-Key was used before, with another request.',
    advice: 'Use a new key for each request, and the same key only to repeat it unchanged.',
  },
  stream_not_found: {
    status: 404,
    retryable: false,
    type: INVALID,
    meaning: 'There is no such response, or it is kept no longer.',
    advice: 'Come back sooner, or make the request again; see LONGSHORE_LOG_RETENTION.',
  },
  cancelled: {
    status: 409,
    retryable: false,
    type: INVALID,
    meaning: 'The request was cancelled.',
    advice: 'Make it again if it is still wanted.',
  },
  poison_request: {
    status: 500,
    retryable: false,
    type: SERVER,
    meaning: 'The request ended every worker or engine that took it.',
    advice: 'Do not repeat it; the message names what happened.',
  },
  deadline_exceeded: {
    status: 504,
    retryable: true,
    type: SERVER,
    meaning: 'The answer was not complete before the request time limit.',
    advice: 'Ask for fewer tokens, or raise X-Request-Timeout or LONGSHORE_REQUEST_TIMEOUT.',
  },
  load_failed: {
    status: 500,
    retryable: true,
    type: SERVER,
    meaning: 'The model could not be loaded.',
    advice: 'The message says why; see the log of the worker it names.',
  },
  out_of_memory: {
    status: 500,
    retryable: true,
    type: SERVER,
    meaning: 'No worker has enough memory for the model, also with less room for its context.',
    advice: 'Use a smaller model, quantization or context size, or add a worker with more memory.',
  },
  runner_active: {
    status: 409,
    retryable: true,
    type: INVALID,
    meaning: 'The model is in use, and the change cannot be made beside it.',
    advice: 'Try again when the model is idle, or unload it.',
  },
  engine_failed: {
    status: 500,
    retryable: true,
    type: SERVER,
    meaning: 'The engine died or broke off in the middle of the answer.',
    advice: 'Try again; see the log of the worker it names.',
  },
  worker_lost: {
    status: 502,
    retryable: true,
    type: SERVER,
    meaning: 'The worker that was answering is gone.',
    advice: 'Try again.',
  },
  slow_client: {
    status: 408,
    retryable: true,
    type: INVALID,
    meaning: 'The client did not read its answer for too long.',
    advice: 'Read the stream as it comes.',
  },
  internal: {
    status: 500,
    retryable: true,
    type: SERVER,
    meaning: 'A fault in Longshore itself.',
    advice: 'Report it with the request id.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** A failure with a catalogue code and a sentence for the caller. */
export class LongshoreError extends Error {
  override readonly name = 'LongshoreError';

  constructor(
    readonly code: ErrorCode,
    message?: string,
    /** Name of the request field at fault, where there is one. */
    readonly field?: string,
    /** When trying again is likely to help; seconds. */
    readonly retryAfter?: number,
  ) {
    super(message ?? ERRORS[code].meaning);
  }

  /** What the catalogue says of the code. */
  get entry(): ErrorEntry {
    return ERRORS[this.code];
  }
}

/** False for what only another release of a gateway or worker knows. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}
