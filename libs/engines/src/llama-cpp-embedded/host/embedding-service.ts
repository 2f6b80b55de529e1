import type { LlamaEmbeddingContext, LlamaModel, Token } from 'node-llama-cpp';
import { describeModel } from './describe-model.js';
import { decodeEmbedding, type EmbeddingRequest } from './embedding-request.js';
import { encodeEmbeddings, type EmbeddedInput } from './encode-embedding.js';
import type { HostOptions } from './host-options.js';
import { contextSizeFor } from './load-model.js';
import { checkTokens, tokenizeFramed } from './prompt-tokens.js';
import { RequestError, badRequest } from './request-error.js';
import type { Handler, Service } from './service.js';

/** `pooling_type` in a GGUF: how the vectors of tokens become one. */
const POOLING_NONE = 0;
const POOLING_RANK = 4;

/** Serves a model that embeds text. Inputs are computed one after the other, in order of arrival. */
export async function startEmbeddingService(model: LlamaModel, options: HostOptions): Promise<Service> {
  const contextSize = contextSizeFor(model, options.contextSize);
  const context = await model.createEmbeddingContext({
    contextSize,
    // An input must be computed in one piece, because its tokens look at each other in both directions.
    batchSize: contextSize,
    threads: options.threads,
  });
  const models = describeModel(model, options.alias, contextSize);
  const embed: Handler = async (body, signal) => {
    const { inputs, encoding } = decodeEmbedding(body);
    checkPooling(model);
    const tokenized = inputs.map((input) => tokenizeInput(model, input, contextSize));
    const embedded: EmbeddedInput[] = [];
    for (const tokens of tokenized) {
      signal.throwIfAborted();
      embedded.push(await embedTokens(context, tokens));
    }
    return { kind: 'whole', body: encodeEmbeddings(options.alias, encoding, embedded) };
  };
  return new Map<string, Handler>([
    ['GET /health', async () => ({ kind: 'whole', body: { status: 'ok' } })],
    ['GET /v1/models', async () => ({ kind: 'whole', body: models })],
    ['POST /v1/embeddings', embed],
    ['POST /v1/chat/completions', refuseCompletions],
    ['POST /v1/completions', refuseCompletions],
  ]);
}

async function embedTokens(context: LlamaEmbeddingContext, tokens: Token[]): Promise<EmbeddedInput> {
  const { vector } = await context.getEmbeddingFor(tokens);
  return { vector, tokens: tokens.length };
}

/** The library can only pool as the model says. */
function checkPooling(model: LlamaModel): void {
  const pooling: number = model.fileInfo.architectureMetadata.pooling_type ?? POOLING_NONE;
  if (pooling !== POOLING_NONE && pooling !== POOLING_RANK) return;
  throw badRequest(
    'This model does not say how to make one vector of a text, so the embedded llama.cpp engine cannot embed with it.',
  );
}

function tokenizeInput(
  model: LlamaModel,
  input: EmbeddingRequest['inputs'][number],
  contextSize: number,
): Token[] {
  const tokens = typeof input === 'string' ? tokenizeFramed(model, input) : checkTokens(model, input);
  if (tokens.length === 0) throw badRequest("'input' must not be empty.");
  if (tokens.length < contextSize) return tokens;
  throw new RequestError(
    400,
    `input (${tokens.length} tokens) exceeds the available context size (${contextSize} tokens), try increasing it`,
    'exceed_context_size_error',
    { n_prompt_tokens: tokens.length, n_ctx: contextSize },
  );
}

const refuseCompletions: Handler = () => {
  const sentence = 'This session was loaded for embeddings, not for completions.';
  return Promise.reject(new RequestError(501, sentence, 'not_supported_error'));
};
