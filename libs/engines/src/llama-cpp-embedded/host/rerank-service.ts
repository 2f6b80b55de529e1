import type { LlamaModel, LlamaRankingContext, Token } from 'node-llama-cpp';
import { asRerankRequest, asScoreAnswer, newScoreIdentity } from '../../score-by-ranking.js';
import { describeModel } from './describe-model.js';
import { isListOf, isString, readNumber, readString, show, type JsonObject } from './fields.js';
import type { HostOptions } from './host-options.js';
import { contextSizeFor } from './load-model.js';
import { RequestError, badRequest } from './request-error.js';
import type { Handler, Service } from './service.js';

interface Ranked {
  readonly index: number;
  readonly score: number;
}

/** Serves a model that says how well texts answer a query. Texts are computed one after the other. */
export async function startRerankService(model: LlamaModel, options: HostOptions): Promise<Service> {
  const contextSize = contextSizeFor(model, options.contextSize);
  const context = await model.createRankingContext({
    contextSize,
    // A text must be computed in one piece, because its tokens look at each other in both directions.
    batchSize: contextSize,
    threads: options.threads,
  });
  const models = describeModel(model, options.alias, contextSize);
  const rerank: Handler = async (body, signal) => {
    const { query, documents, top } = decodeRerank(body);
    const inputs = documents.map((document) => rankingInput(model, query, document));
    for (const input of inputs) checkLength(input.length, contextSize);
    const ranked: Ranked[] = [];
    for (const [index, document] of documents.entries()) {
      signal.throwIfAborted();
      ranked.push({
        index,
        score: await rawScore(context, model, { query, document, input: inputs[index] ?? [] }),
      });
    }
    const tokens = inputs.reduce((sum, input) => sum + input.length, 0);
    const best = ranked.toSorted((a, b) => b.score - a.score).slice(0, top);
    return { kind: 'whole', body: encodeRanking(options.alias, best, { tokens, body, documents }) };
  };
  const score: Handler = async (body, signal) => {
    const asked = asRerankRequest(body);
    if ('refuse' in asked) throw badRequest(asked.refuse);
    const answer = await rerank(JSON.parse(asked.body) as JsonObject, signal);
    if (answer.kind !== 'whole') throw new Error('A ranking is no stream.');
    const told = asScoreAnswer(JSON.stringify(answer.body), newScoreIdentity());
    return { kind: 'whole', body: JSON.parse(told) as object };
  };
  return new Map<string, Handler>([
    ['GET /health', async () => ({ kind: 'whole', body: { status: 'ok' } })],
    ['GET /v1/models', async () => ({ kind: 'whole', body: models })],
    ...['/rerank', '/v1/rerank', '/reranking', '/v1/reranking'].map(
      (path) => [`POST ${path}`, rerank] as const,
    ),
    ...['/score', '/v1/score'].map((path) => [`POST ${path}`, score] as const),
    ...['/v1/chat/completions', '/v1/completions', '/v1/embeddings'].map(
      (path) => [`POST ${path}`, refuseOthers] as const,
    ),
  ]);
}

interface RankingTask {
  readonly query: string;
  readonly document: string;
  /** The two as the model takes them. */
  readonly input: Token[];
}

/**
 * What the model's head gives, of no fixed range, as llama-server tells it. The library tells its sigmoid, and frames
 * the two texts in its own way; where it shows how, our framing is computed instead.
 */
async function rawScore(
  context: LlamaRankingContext,
  model: LlamaModel,
  { query, document, input }: RankingTask,
): Promise<number> {
  const evaluate: unknown = (context as unknown as Record<string, unknown>)['_evaluateRankingForInput'];
  const told: unknown =
    typeof evaluate === 'function'
      ? await (evaluate as (tokens: Token[]) => Promise<unknown>).call(context, input)
      : await context.rank(query, document);
  const architecture = model.fileInfo.metadata.general.architecture;
  // Of these the library gives what the head gives.
  if (architecture.startsWith('qwen3')) return Number(told);
  return Math.log(Number(told) / (1 - Number(told)));
}

/** Query and text with the special tokens around them that the vocabulary demands. */
function rankingInput(model: LlamaModel, query: string, document: string): Token[] {
  const template = model.fileInfo.metadata.tokenizer?.['chat_template.rerank'];
  if (typeof template === 'string')
    return model.tokenize(template.replaceAll('{query}', query).replaceAll('{document}', document), true);
  const { tokens, fileInfo } = model;
  const one = (token: Token | null, wanted: boolean): Token[] => (wanted && token !== null ? [token] : []);
  const end = one(tokens.eos ?? tokens.sep, tokens.shouldAppendEosToken);
  const ggml: Readonly<Record<string, unknown>> = { ...fileInfo.metadata.tokenizer?.ggml };
  const addsSeparator = ggml['add_sep_token'] ?? tokens.sep !== null;
  return [
    ...one(tokens.bos, tokens.shouldPrependBosToken),
    ...model.tokenize(query, false),
    ...end,
    ...one(tokens.sep, addsSeparator === true),
    ...model.tokenize(document, false),
    ...end,
  ];
}

function checkLength(tokens: number, contextSize: number): void {
  if (tokens < contextSize) return;
  throw new RequestError(
    400,
    `input (${tokens} tokens) exceeds the available context size (${contextSize} tokens), try increasing it`,
    'exceed_context_size_error',
    { n_prompt_tokens: tokens, n_ctx: contextSize },
  );
}

interface RerankRequest {
  readonly query: string;
  readonly documents: readonly string[];
  readonly top: number;
}

/** @throws RequestError that names the field at fault. */
function decodeRerank(body: JsonObject): RerankRequest {
  const query = readString(body, 'query');
  if (query === undefined) throw badRequest("'query' is required.");
  const documents = body['documents'] ?? body['texts'];
  if (!isListOf(documents, isString) || documents.length === 0)
    throw badRequest(`'documents' must be a list of at least one string, but is ${show(documents)}.`);
  const top = readNumber(body, 'top_n', { least: 0, whole: true }) ?? documents.length;
  return { query, documents, top };
}

interface RankingContext {
  readonly tokens: number;
  readonly body: JsonObject;
  readonly documents: readonly string[];
}

/** In the form of Jina, or in that of TEI when the texts came under its name. */
function encodeRanking(model: string, ranked: readonly Ranked[], context: RankingContext): object {
  const { tokens, body, documents } = context;
  if (body['texts'] !== undefined) {
    const withText = body['return_text'] === true;
    return ranked.map(({ index, score }) => ({ index, score, ...(withText && { text: documents[index] }) }));
  }
  return {
    model: readString(body, 'model') ?? model,
    object: 'list',
    usage: { prompt_tokens: tokens, total_tokens: tokens },
    results: ranked.map(({ index, score }) => ({ index, relevance_score: score })),
  };
}

const refuseOthers: Handler = () => {
  const sentence = 'This session was loaded for reranking, not for completions or embeddings.';
  return Promise.reject(new RequestError(501, sentence, 'not_supported_error'));
};
