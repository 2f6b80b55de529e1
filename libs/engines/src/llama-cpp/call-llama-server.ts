import type { Endpoint } from '../endpoint.js';
import { callEngine, EngineConnectionError, type EngineCall, type EngineResponse } from '../engine-client.js';
import { filterEvents } from '../going-on/event-filter.js';
import { jsonResponse } from '../json-response.js';
import { callInPieces } from './call-in-pieces.js';
import { callersFault, refusal } from './callers-fault.js';
import { collectAnswer } from './collect-answer.js';
import { planCall, type CallPlan } from './plan-call.js';
import { asScoreAnswer, newScoreIdentity } from '../score-by-ranking.js';
import { SeveralAnswers } from './several-answers.js';
import { skipProgress } from './skip-progress.js';

/**
 * llama-server notices a closed connection only when it writes to it. A request that is not streamed writes nothing
 * before its end, and a streamed one nothing before the prompt is computed: a caller who hangs up would leave the
 * slot busy for minutes. So generation is always asked for as a stream that reports the progress of the prompt; the
 * reports are taken out again, and an answer that was not to be streamed is put together here. What embeds or ranks
 * many texts is asked for in pieces.
 * @param takesMedia whether the model has a projector for images and the like; where it has none, those are refused
 */
export async function callLlamaServer(
  endpoint: Endpoint,
  call: EngineCall,
  takesMedia = true,
): Promise<EngineResponse> {
  const response = await ask(endpoint, call, planCall(call.route, call.body, takesMedia));
  if (response.status !== 500) return response;
  return whole(call, async () => {
    const text = await textOf(response);
    const fault = callersFault(text);
    return fault === undefined ? jsonResponse(500, text, response.headers) : refusal(fault);
  });
}

async function ask(endpoint: Endpoint, call: EngineCall, plan: CallPlan): Promise<EngineResponse> {
  switch (plan.answer) {
    case 'as-is':
      return callEngine(endpoint, plan.body === undefined ? call : { ...call, body: plan.body });
    case 'refuse':
      return refusal(plan.reason);
    case 'pieces':
      return whole(call, () => callInPieces(endpoint, call, plan.work));
    case 'score':
      return score(endpoint, call, plan.body);
    default:
      return generate(endpoint, call, plan);
  }
}

type Generation = Extract<CallPlan, { answer: 'stream' | 'streams' | 'collect' }>;

async function generate(endpoint: Endpoint, call: EngineCall, plan: Generation): Promise<EngineResponse> {
  const response = await callEngine(endpoint, { ...call, body: plan.body });
  if (!isEventStream(response)) return response;
  return whole(call, async () => {
    if (plan.answer === 'collect') {
      const { status, json } = await collectAnswer(response.body, plan.choices);
      return jsonResponse(status, json, response.headers);
    }
    if (plan.answer === 'streams') {
      return { ...response, body: await filterEvents(response.body, new SeveralAnswers(plan.choices)) };
    }
    await skipProgress(response.body);
    return response;
  });
}

async function score(endpoint: Endpoint, call: EngineCall, body: string): Promise<EngineResponse> {
  const ranked = await callLlamaServer(endpoint, { ...call, route: '/v1/rerank', body });
  if (ranked.status !== 200) return ranked;
  return whole(call, async () => {
    return jsonResponse(200, asScoreAnswer(await textOf(ranked), newScoreIdentity()), ranked.headers);
  });
}

/** @throws EngineConnectionError when `make` fails: its answer was cut off */
async function whole(call: EngineCall, make: () => Promise<EngineResponse>): Promise<EngineResponse> {
  try {
    return await make();
  } catch (error) {
    call.signal.throwIfAborted();
    if (error instanceof EngineConnectionError) throw error;
    throw new EngineConnectionError('The engine broke off before its answer was complete.', { cause: error });
  }
}

async function textOf({ body }: EngineResponse): Promise<string> {
  return (await body.setEncoding('utf8').toArray()).join('');
}

function isEventStream(response: EngineResponse): boolean {
  return response.status === 200 && (response.headers['content-type'] ?? '').startsWith('text/event-stream');
}
