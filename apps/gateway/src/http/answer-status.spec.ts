import { expect, it } from 'vitest';
import { type ErrorCode, LongshoreError } from '#contracts';
import { answerStatus } from './answer-status.js';
import { describeFailure } from './failure.js';

const CLI = 'docker-model-cli/v1.2.6';

it.each<[ErrorCode, string, string | undefined, number]>([
  ['request_too_large', '/v1/chat/completions', undefined, 400],
  ['request_too_large', '/models/create', undefined, 400],
  ['request_too_large', '/v1/responses', undefined, 413],
  ['request_too_large', '/engines/vllm/v1/responses', undefined, 413],
  ['request_too_large', '/engines/responses', undefined, 413],
  ['request_too_large', '/anthropic/v1/messages', undefined, 413],
  ['request_too_large', '/v1/messages/count_tokens', undefined, 413],
  ['request_too_large', '/api/chat', undefined, 413],
  ['request_too_large', '/responsestoo', undefined, 400],
  ['no_worker', '/v1/chat/completions', undefined, 503],
  ['no_worker', '/v1/chat/completions', 'curl/8', 503],
  ['no_worker', '/engines/v1/chat/completions', CLI, 502],
  ['redis_unavailable', '/models/create', `${CLI} mine`, 502],
  ['queue_full', '/engines/v1/chat/completions', CLI, 429],
])('%s at %s for %s is %d', (code, path, userAgent, status) => {
  expect(answerStatus(describeFailure(new LongshoreError(code)), path, userAgent)).toBe(status);
});
