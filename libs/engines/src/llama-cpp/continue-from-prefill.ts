import type { Endpoint } from '../endpoint.js';
import type { EngineCall, EngineResponse } from '../engine-client.js';
import type { DeliveredAnswer } from '../going-on/delivered-answer.js';
import { DeliveredSkipper } from '../going-on/delivered-skipper.js';
import { eventStream, throughTaker } from '../going-on/replay.js';
import { callLlamaServer } from './call-llama-server.js';
import { ContinuationEncoder } from '../going-on/continuation-encoder.js';
import { seedAfter, type PrefillContinuation } from '../going-on/plan-continuation.js';
import { Tokenizer } from './tokenize.js';
import { wholeUsage } from '../going-on/whole-usage.js';

export interface PrefillContinuationCall {
  readonly endpoint: Endpoint;
  /** The request that was answered. */
  readonly call: EngineCall;
  readonly request: Readonly<Record<string, unknown>>;
  readonly plan: PrefillContinuation;
  readonly answer: DeliveredAnswer;
}

/**
 * Goes on with a chat from the beginning of its last message, which llama-server says once more before it goes on.
 * Undefined when it does not take that.
 * @throws CannotContinue when it repeats the beginning otherwise than it was delivered
 */
export async function continueFromPrefill(
  continuation: PrefillContinuationCall,
): Promise<EngineResponse | undefined> {
  const { endpoint, call, request, plan, answer } = continuation;
  const tokenizer = new Tokenizer(endpoint, call.signal);
  const promptTokens = await tokenizer.countPrompt(request);
  const deliveredTokens = (await tokenizer.pieceTokens(plan.pieces))?.length ?? plan.pieces.length;
  if (promptTokens === undefined) return undefined;
  const counts = { promptTokens, deliveredTokens };
  const left = plan.limit === undefined ? undefined : plan.limit - deliveredTokens;
  if (left !== undefined && left <= 0) {
    const { identity } = answer;
    const { includeUsage } = plan;
    return eventStream(
      new ContinuationEncoder({ kind: 'chat', identity, includeUsage, ...counts }).exhausted(),
    );
  }
  const body = {
    ...plan.request,
    ...seedAfter(request['seed'], deliveredTokens),
    ...(left !== undefined && { n_predict: left }),
  };
  const response = await callLlamaServer(endpoint, { ...call, body: JSON.stringify(body) });
  const skipper = new DeliveredSkipper(answer, (usage) => wholeUsage(usage, counts));
  if (response.status === 200) return throughTaker(response, skipper, call.signal);
  response.body.destroy();
  return undefined;
}
