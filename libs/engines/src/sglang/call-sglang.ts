import type { LocalEndpoint } from '../endpoint.js';
import { callEngine, EngineConnectionError, type EngineCall, type EngineResponse } from '../engine-client.js';
import { jsonResponse } from '../json-response.js';
import { isObject, parseObject } from '../request-body.js';
import { asRerankRequest, asScoreAnswer, newScoreIdentity } from '../score-by-ranking.js';
import { withServedModel } from '../served-model.js';

const RANKING_ROUTES = new Set(['/rerank', '/v1/rerank']);
const SCORE_ROUTES = new Set(['/score', '/v1/score']);

/**
 * SGLang takes what stands behind a colon in `model` for the name of an adapter, so it is asked by the name it serves.
 * It ranks in a shape of its own, and its route for scores means something else: both are put as other engines do.
 */
export function callSglang(
  endpoint: LocalEndpoint,
  call: EngineCall,
  servedName: string,
): Promise<EngineResponse> {
  if (call.body === undefined) return callEngine(endpoint, call);
  const body = withServedModel(call.body.toString(), servedName);
  if (RANKING_ROUTES.has(call.route)) return rank(endpoint, { ...call, body }, servedName);
  if (SCORE_ROUTES.has(call.route)) return score(endpoint, { ...call, body }, servedName);
  return callEngine(endpoint, { ...call, body });
}

async function rank(endpoint: LocalEndpoint, call: EngineCall, model: string): Promise<EngineResponse> {
  const response = await callEngine(endpoint, { ...call, route: '/v1/rerank' });
  if (response.status !== 200) return response;
  return jsonResponse(200, asRankAnswer(await textOf(response, call), model), response.headers);
}

async function score(endpoint: LocalEndpoint, call: EngineCall, model: string): Promise<EngineResponse> {
  const asked = asRerankRequest(parseObject(call.body?.toString() ?? '') ?? {});
  if ('refuse' in asked) {
    const error = { message: asked.refuse, type: 'invalid_request_error', code: 400 };
    return jsonResponse(400, JSON.stringify({ error }));
  }
  const ranked = await rank(endpoint, { ...call, ...asked }, model);
  if (ranked.status !== 200) return ranked;
  return jsonResponse(200, asScoreAnswer(await textOf(ranked, call), newScoreIdentity()), ranked.headers);
}

/** From `[{"score": …, "document": "…", "index": 0, "meta_info": {…}}, …]`, the best first. */
function asRankAnswer(text: string, model: string): string {
  const { ranked } = parseObject(`{"ranked":${text}}`) ?? {};
  const entries = Array.isArray(ranked) ? ranked.filter((entry) => isObject(entry)) : [];
  const results = entries
    .map(({ index, score: relevance, document }) => ({
      index: Number(index),
      relevance_score: Number(relevance),
      ...(typeof document === 'string' && { document: { text: document } }),
    }))
    .toSorted((one, other) => other.relevance_score - one.relevance_score);
  const tokens = entries.reduce((sum, { meta_info: info }) => sum + promptTokensIn(info), 0);
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  return JSON.stringify({ model, object: 'list', usage, results });
}

function promptTokensIn(info: unknown): number {
  return isObject(info) ? Number(info['prompt_tokens'] ?? 0) : 0;
}

/** @throws EngineConnectionError when it is cut off */
async function textOf({ body }: EngineResponse, { signal }: EngineCall): Promise<string> {
  try {
    return (await body.setEncoding('utf8').toArray()).join('');
  } catch (error) {
    signal.throwIfAborted();
    throw new EngineConnectionError('The engine broke off before its answer was complete.', { cause: error });
  }
}
