import type { LlamaContext, LlamaModel } from 'node-llama-cpp';
import { answerCompletion, readParts, withBeginning } from './answer-completion.js';
import { PLAIN, shownTags } from './answer-reader.js';
import { ChatTemplate } from './chat-template.js';
import { decodeChat, decodeTextCompletion } from './completion-request.js';
import { describeModel } from './describe-model.js';
import { chatEncoding, textEncoding } from './encode-chunk.js';
import { EraseGate } from './erase-gate.js';
import { FINGERPRINT } from './fingerprint.js';
import type { HostOptions } from './host-options.js';
import { contextSizeFor, readTemplate } from './load-model.js';
import { checkTokens, tokenizeChat, tokenizeFramed } from './prompt-tokens.js';
import { orderBySequence } from './sequence-order.js';
import { SequenceSlot } from './sequence-slot.js';
import { unsupported } from './parameters.js';
import { RequestError } from './request-error.js';
import type { Handler, Service } from './service.js';
import { SlotPool } from './slot-pool.js';
import { TextGenerator } from './text-generator.js';

/** Tokens computed in one step. More costs memory and makes others wait. */
const BATCH_SIZE = 512;

const NO_ORDER =
  'this version of node-llama-cpp does not show its sequence ids; streams that run together are slower than they could be';

/** Serves a model that generates text. */
export async function startCompletionService(model: LlamaModel, options: HostOptions): Promise<Service> {
  const context = await createContext(model, options);
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

  const chat: Handler = async (body, signal) => {
    const { settings, render, splitReasoning } = decodeChat(body);
    const toolCalls = render.tools !== undefined;
    if (toolCalls && !template.writesHermesCalls)
      throw unsupported("'tools' with the form of tool calls in this model's chat template");
    const prompt = template.render(render);
    const reading = template.readingOf(prompt, { splitReasoning, toolCalls });
    const wanted = { ...settings, shownTags: shownTags(reading) };
    const text = generator.generate(tokenizeChat(model, prompt), wanted, signal);
    const parts = readParts(withBeginning(render.conversation.answerPrefix, text), reading);
    return answerCompletion(parts, { ...common, ...settings, encoding: chatEncoding });
  };
  const complete: Handler = async (body, signal) => {
    const { settings, prompt } = decodeTextCompletion(body);
    const tokens = typeof prompt === 'string' ? tokenizeFramed(model, prompt) : checkTokens(model, prompt);
    const text = generator.generate(tokens, { ...settings, shownTags: [] }, signal);
    return answerCompletion(readParts(text, PLAIN), { ...common, ...settings, encoding: textEncoding });
  };
  return new Map<string, Handler>([
    ['GET /health', async () => ({ kind: 'whole', body: { status: 'ok' } })],
    ['GET /v1/models', async () => ({ kind: 'whole', body: models })],
    ['POST /v1/chat/completions', chat],
    ['POST /v1/completions', complete],
    ['POST /v1/embeddings', refuseEmbeddings],
  ]);
}

async function createContext(model: LlamaModel, options: HostOptions): Promise<LlamaContext> {
  // The order is asked for only while decoding, when the context is there.
  const warnOfOrder = once(() => process.stderr.write(`warn: ${NO_ORDER}\n`));
  const created: { context?: LlamaContext } = {};
  created.context = await model.createContext({
    sequences: options.slots,
    contextSize: contextSizeFor(model, options.contextSize),
    batchSize: BATCH_SIZE,
    threads: options.threads,
    batching: {
      itemPrioritizationStrategy: (work) => orderBySequence(created.context, work, warnOfOrder),
    },
  });
  return created.context;
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}

const refuseEmbeddings: Handler = () => {
  const sentence = 'This session was loaded for completions, not for embeddings.';
  return Promise.reject(new RequestError(501, sentence, 'not_supported_error'));
};
