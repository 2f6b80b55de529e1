import type { Endpoint } from '../endpoint.js';
import { callEngine, type EngineCall, type EngineResponse } from '../engine-client.js';
import type { ContinuationEncoder } from './continuation-encoder.js';
import { throughTaker } from './replay.js';

export interface TokenCompletion {
  readonly endpoint: Endpoint;
  /** The request that was answered. */
  readonly call: EngineCall;
  /** A raw completion of the tokens of prompt and answer, streamed. */
  readonly body: object;
  readonly encoder: ContinuationEncoder;
}

/**
 * Goes on with an answer behind its tokens. Undefined when the engine refuses them.
 * @throws CannotContinue when the engine does not stream
 */
export async function completeTokens(completion: TokenCompletion): Promise<EngineResponse | undefined> {
  const { endpoint, call, body, encoder } = completion;
  const response = await callEngine(endpoint, {
    ...call,
    route: '/v1/completions',
    body: JSON.stringify(body),
  });
  if (response.status === 200) return throughTaker(response, encoder, call.signal);
  response.body.destroy();
  return undefined;
}
