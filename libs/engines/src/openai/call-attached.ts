import type { RemoteEndpoint } from '../endpoint.js';
import { callEngine, type EngineCall, type EngineResponse } from '../engine-client.js';
import { jsonResponse } from '../json-response.js';
import { withServedModel } from '../served-model.js';

/** What of its headers concerns our callers; the rest is between us and the server. */
const PASSED_ON = new Set(['content-type', 'content-encoding', 'retry-after']);

/**
 * Asks an attached server, by the name it has for the model. What only the operator can mend, a wrong key or address,
 * is told as a failure of the server and in our words: its own may quote the key.
 */
export async function callAttached(
  endpoint: RemoteEndpoint,
  model: string,
  call: EngineCall,
): Promise<EngineResponse> {
  const { body, route, ...rest } = call;
  const response = await callEngine(endpoint, {
    ...rest,
    route: route.startsWith('/v1/') ? route : `/v1${route}`,
    ...(body !== undefined && { body: withServedModel(body.toString(), model) }),
  });
  const fault = faultOf(response.status);
  if (fault === undefined) return { ...response, headers: kept(response.headers) };
  response.body.destroy();
  return failure(fault);
}

function faultOf(status: number): string | undefined {
  if (status === 401 || status === 403) {
    return 'The server behind this model refuses the key of the worker; OPENAI_ENGINE_KEY must be corrected.';
  }
  if (status >= 300 && status < 400) {
    return 'The server behind this model sends callers elsewhere, which is not followed; OPENAI_ENGINE_URL must be corrected.';
  }
  return undefined;
}

function failure(message: string): EngineResponse {
  const error = { message, type: 'server_error', code: 'engine_failed' };
  return jsonResponse(502, JSON.stringify({ error }));
}

function kept(headers: EngineResponse['headers']): EngineResponse['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => PASSED_ON.has(name)));
}
