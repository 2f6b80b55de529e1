import type { LocalEndpoint } from '../endpoint.js';
import type { EngineCall, EngineResponse } from '../engine-client.js';
import { CannotContinue } from '../going-on/cannot-continue.js';
import { completeTokens } from '../going-on/complete-tokens.js';
import { ContinuationEncoder } from '../going-on/continuation-encoder.js';
import { readDelivered, type DeliveredAnswer } from '../going-on/delivered-answer.js';
import { planContinuation, seedAfter, type TokenContinuation } from '../going-on/plan-continuation.js';
import { eventStream, replay, streamRequestOf } from '../going-on/replay.js';
import { whatIsMissing } from '../going-on/what-is-missing.js';
import { callVllm } from './call-vllm.js';
import { VllmTokens } from './vllm-tokens.js';

/**
 * Members that say how vLLM draws tokens and mean the same in the middle of an answer. Penalties do not: they count
 * what was generated, and not what stands in the prompt.
 */
const SAMPLING = 'temperature top_k top_p min_p seed logit_bias ignore_eos stop_token_ids stop'.split(' ');

/** Tokens of a raw completion that names no limit. */
const RAW_LIMIT = 16;

export interface VllmTraits {
  readonly servedName: string;
  /** Whether all of an answer is its text: no parser takes reasoning out of it. */
  readonly answersPlainly: boolean;
}

export interface BrokenCall {
  readonly endpoint: LocalEndpoint;
  /** The request that was answered. */
  readonly call: EngineCall;
  readonly delivered: Buffer;
}

/**
 * Goes on with an answer. A plain text goes on from its tokens, which costs a prefill and cannot contradict what was
 * delivered; everything else is said once more, which on accelerators does not always give the same.
 * @throws CannotContinue
 */
export async function resumeVllm(broken: BrokenCall, traits: VllmTraits): Promise<EngineResponse> {
  const { endpoint, call, delivered } = broken;
  const answer = readDelivered(delivered);
  const request = streamRequestOf(call);
  const again = (): Promise<EngineResponse> =>
    replay((each) => callVllm(endpoint, each, traits.servedName), call, delivered);
  const isPlain = traits.answersPlainly || call.route === '/v1/completions';
  if (!isPlain || whatIsMissing(request, answer) !== 'some') return again();
  const plan = planContinuation({ route: call.route, request, answer }, SAMPLING);
  if (plan.way === 'replay') return again();
  const fromTokens = () => continueFromTokens({ endpoint, call, plan, answer, traits });
  if (plan.way === 'tokens') return (await fromTokens()) ?? again();
  try {
    return await again();
  } catch (error) {
    if (!(error instanceof CannotContinue)) throw error;
    const response = await fromTokens();
    if (response === undefined) throw error;
    return response;
  }
}

interface TokenContinuationCall {
  readonly endpoint: LocalEndpoint;
  readonly call: EngineCall;
  readonly plan: TokenContinuation;
  readonly answer: DeliveredAnswer;
  readonly traits: VllmTraits;
}

/** Undefined when vLLM does not take prompt and answer in this way. */
async function continueFromTokens(continuation: TokenContinuationCall): Promise<EngineResponse | undefined> {
  const { endpoint, call, plan, answer, traits } = continuation;
  const tokenizer = new VllmTokens(endpoint, call.signal);
  const prompt = await tokenizer.ofPrompt(plan.prompt);
  const said = await tokenizer.ofText(plan.pieces.join(''));
  if (prompt === undefined || said === undefined) return undefined;
  const encoder = new ContinuationEncoder({
    kind: plan.prompt.kind,
    identity: answer.identity,
    includeUsage: plan.includeUsage,
    promptTokens: prompt.tokens.length,
    deliveredTokens: said.length,
  });
  const room = prompt.contextSize - prompt.tokens.length;
  const limit = plan.limit ?? (plan.prompt.kind === 'raw' ? RAW_LIMIT : room);
  const left = Math.min(limit, room) - said.length;
  if (left <= 0) return eventStream(encoder.exhausted());
  const body = {
    ...plan.sampling,
    ...seedAfter(plan.sampling['seed'], said.length),
    model: traits.servedName,
    prompt: [...prompt.tokens, ...said],
    max_tokens: left,
    stream: true,
    ...(plan.includeUsage && { stream_options: { include_usage: true } }),
  };
  return completeTokens({ endpoint, call, body, encoder });
}
