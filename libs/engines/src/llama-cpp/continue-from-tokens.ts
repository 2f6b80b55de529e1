import type { Endpoint } from '../endpoint.js';
import type { EngineCall, EngineResponse } from '../engine-client.js';
import type { DeliveredAnswer } from '../going-on/delivered-answer.js';
import { completeTokens } from '../going-on/complete-tokens.js';
import { ContinuationEncoder } from '../going-on/continuation-encoder.js';
import { eventStream } from '../going-on/replay.js';
import { seedAfter, type TokenContinuation } from '../going-on/plan-continuation.js';
import { Tokenizer } from './tokenize.js';

export interface TokenContinuationCall {
  readonly endpoint: Endpoint;
  readonly call: EngineCall;
  readonly plan: TokenContinuation;
  readonly answer: DeliveredAnswer;
}

/** Goes on from the tokens of prompt and answer. Undefined when llama-server does not take them. */
export async function continueFromTokens({
  endpoint,
  call,
  plan,
  answer,
}: TokenContinuationCall): Promise<EngineResponse | undefined> {
  const tokenizer = new Tokenizer(endpoint, call.signal);
  const prompt = await tokenizer.promptTokens(plan.prompt);
  const pieces = await tokenizer.pieceTokens(plan.pieces);
  if (prompt === undefined || pieces === undefined) return undefined;
  const encoder = new ContinuationEncoder({
    kind: plan.prompt.kind,
    identity: answer.identity,
    includeUsage: plan.includeUsage,
    promptTokens: prompt.length,
    deliveredTokens: pieces.length,
  });
  const left = plan.limit === undefined ? undefined : plan.limit - pieces.length;
  if (left !== undefined && left <= 0) return eventStream(encoder.exhausted());
  const body = {
    ...plan.sampling,
    ...seedAfter(plan.sampling['seed'], pieces.length),
    ...(left !== undefined && { n_predict: left }),
    prompt: [...prompt, ...pieces],
    stream: true,
    // So that a hang-up during the prefill is noticed.
    return_progress: true,
  };
  return completeTokens({ endpoint, call, body, encoder });
}
