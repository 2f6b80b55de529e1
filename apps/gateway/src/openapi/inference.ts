import type { ErrorCode } from '#contracts';
import type { OperationParameter } from './operation.js';
import { FLAG, oneWordOf, TEXT, type Schema } from './schema.js';

/** What any call may fail with that an engine has to answer. */
export const INFERENCE_ERRORS: readonly ErrorCode[] = [
  'model_required',
  'unknown_engine',
  'model_not_found',
  'no_capable_worker',
  'no_worker',
  'redis_unavailable',
  'too_many_requests',
  'queue_full',
  'idempotency_conflict',
  'cancelled',
  'poison_request',
  'deadline_exceeded',
  'load_failed',
  'out_of_memory',
  'engine_failed',
  'worker_lost',
];

const header = (name: string, description: string, schema: Schema): OperationParameter => ({
  name,
  in: 'header',
  description,
  schema,
});

/** What a caller may ask for in headers, whatever the body says; `X-Preload-Only` takes the answer away and is told elsewhere. */
export const INFERENCE_HEADERS: readonly OperationParameter[] = [
  header('Idempotency-Key', 'The same key with the same body gets the same answer and runs once.', {
    ...TEXT,
    pattern: '^[!-~]{1,255}$',
  }),
  header('X-Longshore-Resumable', 'The request goes on for a while when its client has gone.', FLAG),
  header('X-Stream-Ids', 'Each event of a stream carries its number.', FLAG),
  header('X-Request-Timeout', 'How long the answer may take, such as `30s`.', {
    ...TEXT,
    pattern: '^[1-9][0-9]{0,3}(ms|s|m)$',
  }),
  header('X-Priority', '`high`, `normal`, `low`, or 1 (most urgent) to 20.', {
    ...TEXT,
    pattern: '^(high|normal|low|[1-9]|1[0-9]|20)$',
  }),
  header(
    'X-Queue-Notices',
    'Whether a stream that waits may be told so in comments.',
    oneWordOf('on', 'off'),
  ),
];

/** Headers of what an engine has answered. */
export const ANSWER_HEADERS = {
  'x-longshore-request': { description: 'Under this id the answer can be had again.', schema: TEXT },
  'x-longshore-worker': { description: 'Who answered.', schema: TEXT },
};
