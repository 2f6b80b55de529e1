import type { FieldRule } from '../option-rules.js';

const honoured = (says: string): FieldRule => ({ fate: 'honoured', says });
const partly = (says: string): FieldRule => ({ fate: 'partly', says });
const ignored = (says: string): FieldRule => ({ fate: 'ignored', says });
const refused = (says: string): FieldRule => ({ fate: 'refused', says });

const MODEL = honoured('in any of the ways a model may be named; `name` says the same');
const STREAM = honoured('true where it is absent');
const OPTIONS = partly('see the table of options');
const KEEP_ALIVE = partly(
  'for the model in the whole cluster, until another is asked for; 0 unloads it behind the answer',
);
const THINK = honoured('as `chat_template_kwargs`, `reasoning_effort` and a budget of reasoning');
const FORMAT = honoured('as `response_format`');
const LOGPROBS = honoured('as `logprobs`');
const INSECURE = ignored('how registries are reached is told to the workers');
const TRUNCATE_CHAT = ignored('a conversation that is longer than the context is refused by the engine');

/** What becomes of each field, by route. */
export const REQUEST_FIELDS: Readonly<Record<string, Readonly<Record<string, FieldRule>>>> = {
  chat: {
    model: MODEL,
    messages: honoured('none = the model is loaded, or unloaded'),
    stream: STREAM,
    format: FORMAT,
    keep_alive: KEEP_ALIVE,
    tools: honoured('as `tools`'),
    think: THINK,
    logprobs: LOGPROBS,
    top_logprobs: LOGPROBS,
    options: OPTIONS,
    truncate: TRUNCATE_CHAT,
    shift: ignored('an answer ends where the context does'),
  },
  generate: {
    model: MODEL,
    prompt: honoured('none = the model is loaded, or unloaded'),
    suffix: refused(
      'engines complete chats and prompts; send the fill-in-the-middle tokens of the model with raw',
    ),
    system: honoured('as the first message'),
    template: refused('but `{{ .Prompt }}`, which means raw: engines use the template of the model'),
    context: refused('but an empty one; use /api/chat'),
    stream: STREAM,
    raw: honoured('the prompt goes to the model as it is'),
    format: FORMAT,
    images: honoured('as parts of the message; not with raw'),
    keep_alive: KEEP_ALIVE,
    think: THINK,
    logprobs: LOGPROBS,
    top_logprobs: LOGPROBS,
    width: refused('no engine here makes images'),
    height: refused('no engine here makes images'),
    steps: refused('no engine here makes images'),
    options: OPTIONS,
    truncate: TRUNCATE_CHAT,
    shift: ignored('an answer ends where the context does'),
  },
  embed: {
    model: MODEL,
    input: honoured('a text or a list; none = the model is loaded, or unloaded'),
    truncate: partly('vLLM cuts what is too long; llama.cpp refuses it'),
    keep_alive: KEEP_ALIVE,
    dimensions: honoured('vectors are cut and brought to length 1 again'),
    options: ignored('engines take none for embeddings, but for num_ctx'),
  },
  embeddings: {
    model: MODEL,
    prompt: honoured('one text'),
    keep_alive: KEEP_ALIVE,
    options: ignored('engines take none for embeddings, but for num_ctx'),
  },
  pull: { model: MODEL, insecure: INSECURE, stream: STREAM },
  push: { model: MODEL, insecure: INSECURE, stream: STREAM },
  create: {
    model: MODEL,
    from: honoured('a model that the cluster has'),
    stream: STREAM,
    quantize: refused('models are not changed here; pull or package one that is quantized'),
    template: refused('but where it says what the model has: engines use the template of the model'),
    license: honoured('shown'),
    system: honoured('as the first message of calls by that name'),
    parameters: honoured('as options of calls by that name'),
    messages: honoured('before those of calls by that name'),
    adapters: refused('package them with the model'),
    files: refused('send them to POST /models/package'),
  },
  delete: { model: MODEL },
  copy: { source: MODEL, destination: MODEL },
  show: {
    model: MODEL,
    verbose: partly('long lists of the file, such as the vocabulary, are never shown'),
    system: ignored('what the model has is shown'),
    template: ignored('what the model has is shown'),
    options: ignored('what the model has is shown'),
  },
};
