import type { LocalEndpoint } from '../endpoint.js';
import { callEngine, type EngineCall, type EngineResponse } from '../engine-client.js';
import { withServedModel } from '../served-model.js';
import { nameReasoning } from './name-reasoning.js';

/**
 * vLLM answers to the name it serves and to no other, so every body gets that name. It calls reasoning by a name of
 * its own, which is exchanged for the one that all engines here use.
 */
export async function callVllm(
  endpoint: LocalEndpoint,
  call: EngineCall,
  servedName: string,
): Promise<EngineResponse> {
  if (call.body === undefined) return callEngine(endpoint, call);
  const body = withServedModel(call.body.toString(), servedName);
  const response = await callEngine(endpoint, { ...call, body });
  if (response.status !== 200 || call.route !== '/v1/chat/completions') return response;
  return { ...response, body: nameReasoning(response.body) };
}
