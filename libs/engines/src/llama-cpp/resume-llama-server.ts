import type { Endpoint } from '../endpoint.js';
import type { EngineCall, EngineResponse } from '../engine-client.js';
import { CannotContinue } from '../going-on/cannot-continue.js';
import { readDelivered, type DeliveredAnswer } from '../going-on/delivered-answer.js';
import { replay, streamRequestOf } from '../going-on/replay.js';
import { whatIsMissing } from '../going-on/what-is-missing.js';
import { callLlamaServer } from './call-llama-server.js';
import { continueFromPrefill } from './continue-from-prefill.js';
import { continueFromTokens } from './continue-from-tokens.js';
import { planContinuation, planPrefill } from '../going-on/plan-continuation.js';
import { LLAMA_SAMPLING } from './sampling-members.js';

/** Undefined when the engine does not take it in this way. */
type Way = () => Promise<EngineResponse | undefined>;

/**
 * Goes on with an answer. A plain text goes on from its tokens, which costs a prefill and cannot contradict what was
 * delivered; everything else is said once more. Where that leads elsewhere, llama-server is given the beginning of the
 * message to go on with.
 * @throws CannotContinue
 */
export async function resumeLlamaServer(
  endpoint: Endpoint,
  call: EngineCall,
  delivered: Buffer,
): Promise<EngineResponse> {
  const answer = readDelivered(delivered);
  const request = streamRequestOf(call);
  const again: Way = () => replay((each) => callLlamaServer(endpoint, each), call, delivered);
  const isPartly = whatIsMissing(request, answer) === 'some';
  const others = isPartly ? waysFrom(endpoint, call, request, answer) : { first: [], last: [] };
  return firstThatGoesOn([...others.first, again, ...others.last]);
}

/** What to try before an answer is said once more, and after. */
function waysFrom(
  endpoint: Endpoint,
  call: EngineCall,
  request: Readonly<Record<string, unknown>>,
  answer: DeliveredAnswer,
): { readonly first: readonly Way[]; readonly last: readonly Way[] } {
  const plan = planContinuation({ route: call.route, request, answer }, LLAMA_SAMPLING);
  const prefill = planPrefill(request, answer);
  const last: Way[] =
    prefill === undefined
      ? []
      : [() => continueFromPrefill({ endpoint, call, request, plan: prefill, answer })];
  if (plan.way === 'replay') return { first: [], last };
  const tokens: Way = () => continueFromTokens({ endpoint, call, plan, answer });
  return plan.way === 'tokens' ? { first: [tokens], last } : { first: [], last: [tokens, ...last] };
}

async function firstThatGoesOn(ways: readonly Way[]): Promise<EngineResponse> {
  let failure = new CannotContinue('The engine cannot go on with this answer.');
  for (const way of ways) {
    try {
      const response = await way();
      if (response !== undefined) return response;
    } catch (error) {
      if (!(error instanceof CannotContinue)) throw error;
      failure = error;
    }
  }
  throw failure;
}
