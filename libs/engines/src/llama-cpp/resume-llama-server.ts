import type { Endpoint } from '../endpoint.js';
import { callEngine, type EngineCall, type EngineResponse } from '../engine-client.js';
import { CannotContinue } from '../going-on/cannot-continue.js';
import { readDelivered, type DeliveredAnswer } from '../going-on/delivered-answer.js';
import { eventStream, replay, streamRequestOf, throughTaker } from '../going-on/replay.js';
import { whatIsMissing } from '../going-on/what-is-missing.js';
import { callLlamaServer } from './call-llama-server.js';
import { ContinuationEncoder } from './continuation-encoder.js';
import { planContinuation, seedAfter, type TokenContinuation } from './plan-continuation.js';
import { Tokenizer } from './tokenize.js';

/**
 * Goes on with an answer. A plain text goes on from its tokens, which costs a prefill and cannot contradict what was
 * delivered; everything else is said once more.
 * @throws CannotContinue
 */
export async function resumeLlamaServer(
  endpoint: Endpoint,
  call: EngineCall,
  delivered: Buffer,
): Promise<EngineResponse> {
  const again = (): Promise<EngineResponse> =>
    replay((request) => callLlamaServer(endpoint, request), call, delivered);
  const answer = readDelivered(delivered);
  const request = streamRequestOf(call);
  if (whatIsMissing(request, answer) !== 'some') return again();
  const plan = planContinuation(call.route, request, answer);
  const fromTokens = () =>
    plan.way === 'replay' ? undefined : continueFromTokens({ endpoint, signal: call.signal, plan, answer });
  if (plan.way === 'tokens') return (await fromTokens()) ?? again();
  try {
    return await again();
  } catch (error) {
    const response = error instanceof CannotContinue ? await fromTokens() : undefined;
    if (response !== undefined) return response;
    throw error;
  }
}

interface Continuation {
  readonly endpoint: Endpoint;
  readonly signal: AbortSignal;
  readonly plan: TokenContinuation;
  readonly answer: DeliveredAnswer;
}

/** Undefined when llama-server does not take the tokens. */
async function continueFromTokens(continuation: Continuation): Promise<EngineResponse | undefined> {
  const { endpoint, signal, plan, answer } = continuation;
  const tokenizer = new Tokenizer(endpoint, signal);
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
  const response = await callEngine(endpoint, {
    route: '/v1/completions',
    body: JSON.stringify(body),
    signal,
  });
  if (response.status !== 200) {
    response.body.destroy();
    return undefined;
  }
  return throughTaker(response, encoder, signal);
}
