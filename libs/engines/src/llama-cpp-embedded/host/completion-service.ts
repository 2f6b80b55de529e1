import { randomInt } from 'node:crypto';
import type { LlamaModel, Token } from 'node-llama-cpp';
import { answerCompletion } from './answer-completion.js';
import { answerGrammar } from './answer-grammar.js';
import { ChatTemplate, type RenderOptions } from './chat-template.js';
import { decodeChat, decodeTextCompletion, withDefaults, type AnswerSettings } from './completion-request.js';
import { describeModel } from './describe-model.js';
import { chatEncoding, textEncoding } from './encode-chunk.js';
import { EraseGate } from './erase-gate.js';
import { FINGERPRINT } from './fingerprint.js';
import type { HostOptions } from './host-options.js';
import { readTemplate } from './load-model.js';
import { checkTokens, tokenizeChat, tokenizeFramed } from './prompt-tokens.js';
import { exposeRawLogprobs } from './raw-logprobs.js';
import { readParts, withBeginning } from './read-parts.js';
import { PLAIN, shownTags, type ReadingOptions } from './reading/answer-reader.js';
import { createOrderedContext } from './ordered-context.js';
import { SequenceSlot } from './sequence-slot.js';
import { unsupported } from './parameters.js';
import { badRequest, RequestError } from './request-error.js';
import type { Handler, Service } from './service.js';
import { SlotPool } from './slot-pool.js';
import { tokenRoutes } from './token-routes.js';
import { TextGenerator } from './text-generator.js';
import type { WrittenParts } from './written-answer.js';

/** Seeds have 32 bits; the last one asks for another each time. */
const SEED_LIMIT = 0xffffffff;

const NO_LOGPROBS =
  'this version of node-llama-cpp does not show how its tokens are drawn; requests with logprobs are refused';

/** What to write for one request. */
interface Work {
  readonly settings: AnswerSettings;
  readonly reading: ReadingOptions;
  readonly prompt: Token[];
  /** Beginning of the answer, which the caller gave. */
  readonly beginning: string;
}

/** Serves a model that generates text. */
export async function startCompletionService(model: LlamaModel, options: HostOptions): Promise<Service> {
  const context = await createOrderedContext(model, options);
  const logprobs = exposeRawLogprobs(context, model);
  if (!logprobs) process.stderr.write(`warn: ${NO_LOGPROBS}\n`);
  const gate = new EraseGate();
  const slots = Array.from({ length: options.slots }, () => new SequenceSlot(context.getSequence(), gate));
  const generator = new TextGenerator(model, new SlotPool(slots), context.contextSize);
  const template = new ChatTemplate({
    template: await readTemplate(model, options.chatTemplateFile),
    beginOfText: model.tokens.bosString ?? '',
    endOfText: model.tokens.eosString ?? '',
  });
  const common = { model: options.alias, fingerprint: FINGERPRINT };
  const models = describeModel(model, options.alias, context.contextSize);

  const write = (work: Work, signal: AbortSignal): readonly WrittenParts[] => {
    const { settings, reading, prompt, beginning } = work;
    if (settings.topLogprobs !== undefined && !logprobs) throw unsupported("'logprobs'");
    const seed = settings.sampling.seed ?? randomInt(SEED_LIMIT);
    const generation = {
      ...settings,
      grammar: answerGrammar(settings.demand, reading),
      shownTags: shownTags(reading),
    };
    return Array.from({ length: settings.choices }, (_, index) => {
      const text = generator.generate(prompt, { ...generation, seed: (seed + index) % SEED_LIMIT }, signal);
      return readParts(withBeginning(beginning, text), reading);
    });
  };
  const renderChat = (render: RenderOptions): string => {
    const variables = options.reasoning ? render.variables : { enable_thinking: false, ...render.variables };
    return template.render({ ...render, variables });
  };
  const chat: Handler = async (body, signal) => {
    refuseWithoutWords(model);
    const { settings, render, beginning, ...wish } = decodeChat(withDefaults(body, options.defaults));
    const prompt = renderChat(render);
    const work = {
      settings,
      reading: template.readingOf(prompt, wish),
      prompt: tokenizeChat(model, prompt),
      beginning,
    };
    return answerCompletion(write(work, signal), { ...common, ...settings, encoding: chatEncoding });
  };
  const count: Handler = async (body) => {
    const tokens = tokenizeChat(model, renderChat(decodeChat(body).render));
    return { kind: 'whole', body: { input_tokens: tokens.length, object: 'response.input_tokens' } };
  };
  const complete: Handler = async (body, signal) => {
    refuseWithoutWords(model);
    const { settings, prompt: asked } = decodeTextCompletion(withDefaults(body, options.defaults));
    const prompt = typeof asked === 'string' ? tokenizeFramed(model, asked) : checkTokens(model, asked);
    const work = { settings, reading: PLAIN, prompt, beginning: '' };
    return answerCompletion(write(work, signal), { ...common, ...settings, encoding: textEncoding });
  };
  return new Map<string, Handler>([
    ['GET /health', async () => ({ kind: 'whole', body: { status: 'ok' } })],
    ['GET /v1/models', async () => ({ kind: 'whole', body: models })],
    ['POST /v1/chat/completions', chat],
    ['POST /v1/chat/completions/input_tokens', count],
    ['POST /v1/completions', complete],
    ...tokenRoutes(model, template),
    ['POST /v1/embeddings', refuseOthers],
    ['POST /rerank', refuseOthers],
    ['POST /v1/rerank', refuseOthers],
  ]);
}

/** A model that sees a whole text at once has nothing to go on with. @throws RequestError */
function refuseWithoutWords(model: LlamaModel): void {
  if (model.fileInfo.architectureMetadata.attention?.causal === false)
    throw badRequest('This model cannot generate text: it is one that embeds or ranks.');
}

const refuseOthers: Handler = () => {
  const sentence = 'This session was loaded for completions, not for embeddings or reranking.';
  return Promise.reject(new RequestError(501, sentence, 'not_supported_error'));
};
