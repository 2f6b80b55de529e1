/** What becomes of one field of a request. */
export interface FieldRule {
  /**
   * `honoured`: done as Ollama does it. `partly`: done with the loss that `says` names. `ignored`: taken, without effect.
   * `refused`: answered with an error that names it.
   */
  readonly fate: 'honoured' | 'partly' | 'ignored' | 'refused';
  readonly says: string;
}

export interface OptionRule extends FieldRule {
  readonly kind?: 'number' | 'integer' | 'texts';
  /** Members of the engine's request that it becomes. */
  readonly becomes?: readonly string[];
}

const honoured = (says: string): FieldRule => ({ fate: 'honoured', says });
const partly = (says: string): FieldRule => ({ fate: 'partly', says });
const ignored = (says: string): FieldRule => ({ fate: 'ignored', says });
const refused = (says: string): FieldRule => ({ fate: 'refused', says });

const number = (...becomes: string[]): OptionRule => sampling('number', becomes);
const integer = (...becomes: string[]): OptionRule => sampling('integer', becomes);
const without = (says: string): OptionRule => ({ fate: 'ignored', says });

function sampling(kind: 'number' | 'integer' | 'texts', becomes: readonly string[]): OptionRule {
  return { fate: 'honoured', says: `as ${becomes.join(' and ')}`, kind, becomes };
}

const MACHINE = 'the worker decides: LONGSHORE_THREADS, its variant and `POST /engines/_configure`';
const GONE = 'engines have it no more';

/** What becomes of each member of `options`. */
export const OPTION_RULES: Readonly<Record<string, OptionRule>> = {
  temperature: number('temperature'),
  top_p: number('top_p'),
  top_k: integer('top_k'),
  min_p: number('min_p'),
  typical_p: number('typical_p'),
  seed: integer('seed'),
  stop: sampling('texts', ['stop']),
  num_predict: integer('max_tokens'),
  presence_penalty: number('presence_penalty'),
  frequency_penalty: number('frequency_penalty'),
  // llama.cpp and vLLM have different words for the same.
  repeat_penalty: number('repeat_penalty', 'repetition_penalty'),
  repeat_last_n: integer('repeat_last_n'),
  mirostat: integer('mirostat'),
  mirostat_tau: number('mirostat_tau'),
  mirostat_eta: number('mirostat_eta'),
  num_keep: integer('n_keep'),
  num_ctx: {
    fate: 'partly',
    kind: 'integer',
    says: 'configures the model with more context when it has less, for everybody; never with less',
  },
  keep_alive: { fate: 'honoured', says: 'as keep_alive of the request' },
  num_batch: without(MACHINE),
  num_gpu: without(MACHINE),
  main_gpu: without(MACHINE),
  num_thread: without(MACHINE),
  numa: without(MACHINE),
  low_vram: without(MACHINE),
  use_mmap: without(MACHINE),
  use_mlock: without(MACHINE),
  f16_kv: without(GONE),
  logits_all: without(GONE),
  vocab_only: without(GONE),
  embedding_only: without('the route decides'),
  tfs_z: without(GONE),
  penalize_newline: without(GONE),
};

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
