import { Readable } from 'node:stream';
import type { Endpoint } from '../endpoint.js';
import { callEngine, EngineConnectionError, type EngineCall, type EngineResponse } from '../engine-client.js';
import { collectAnswer } from './collect-answer.js';
import { planCall } from './plan-call.js';
import { skipProgress } from './skip-progress.js';

/**
 * llama-server notices a closed connection only when it writes to it. A request that is not streamed writes nothing
 * before its end, and a streamed one nothing before the prompt is computed: a caller who hangs up would leave the
 * slot busy for minutes. So generation is always asked for as a stream that reports the progress of the prompt; the
 * reports are taken out again, and an answer that was not to be streamed is put together here.
 */
export async function callLlamaServer(endpoint: Endpoint, call: EngineCall): Promise<EngineResponse> {
  const plan = planCall(call.route, call.body);
  if (plan.answer === 'as-is') return callEngine(endpoint, call);
  if (plan.answer === 'refuse') return jsonResponse(400, refusal(plan.reason));
  const response = await callEngine(endpoint, { ...call, body: plan.body });
  if (!isEventStream(response)) return response;
  try {
    if (plan.answer === 'collect') return await collected(response);
    await skipProgress(response.body);
    return response;
  } catch (error) {
    call.signal.throwIfAborted();
    throw new EngineConnectionError('The engine broke off before its answer was complete.', { cause: error });
  }
}

async function collected(response: EngineResponse): Promise<EngineResponse> {
  const { status, json } = await collectAnswer(response.body);
  return jsonResponse(status, json, response.headers);
}

function jsonResponse(status: number, json: string, headers: EngineResponse['headers'] = {}): EngineResponse {
  return {
    status,
    headers: { ...headers, 'content-type': 'application/json; charset=utf-8' },
    body: Readable.from([Buffer.from(json)]),
  };
}

/** In the shape of llama-server's own refusals. */
function refusal(message: string): string {
  return JSON.stringify({ error: { code: 400, message, type: 'invalid_request_error' } });
}

function isEventStream(response: EngineResponse): boolean {
  return response.status === 200 && (response.headers['content-type'] ?? '').startsWith('text/event-stream');
}
