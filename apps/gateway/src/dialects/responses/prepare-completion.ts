import { affinityKey } from '../../completions/affinity-key.js';
import type { InferenceCall } from '../../http/completion-relay.js';
import { PRIORITIES } from '../../http/caller-wishes.js';
import type { ResponsesRequest } from './decode-request.js';
import { encodeMessages } from './encode-messages.js';
import type { Item } from './fields.js';

/** The chat completion that makes a response. */
export type ResponseCall = Omit<InferenceCall, 'encodeStreamFailure' | 'translate' | 'engine'>;

const TIER_PRIORITIES: ReadonlyMap<unknown, number> = new Map([
  ['priority', PRIORITIES.high],
  ['flex', PRIORITIES.low],
]);

/**
 * @param history what was said before
 * @param original the body as it came, by which a repeated request is known
 * @throws LongshoreError that names the item at fault
 */
export function prepareCompletion(
  request: ResponsesRequest,
  history: readonly Item[],
  original: string,
): ResponseCall {
  const messages = encodeMessages(request.instructions, [...history, ...request.input]);
  const { prompt_cache_key: key } = request.echoed;
  const affinity = affinityKey({ messages, prompt_cache_key: key });
  const priority = TIER_PRIORITIES.get(request.parameters['service_tier']);
  const body = JSON.stringify({
    ...request.parameters,
    model: request.model,
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  return {
    model: request.model,
    route: '/v1/chat/completions',
    body,
    identity: `responses ${original}`,
    streaming: true,
    eventStream: request.stream,
    ...(affinity !== undefined && { affinity }),
    ...(priority !== undefined && { priority }),
  };
}
