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
