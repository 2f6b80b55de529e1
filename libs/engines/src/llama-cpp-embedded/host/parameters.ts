import { show, type JsonObject } from './fields.js';
import { badRequest } from './request-error.js';

/**
 * What becomes of each parameter of a completion or embedding body. `honoured`: it does what llama-server does with it.
 * `harmless`: it cannot change the answer. A list: only these values, which ask for nothing, are taken; any other is
 * refused by name. Null always asks for nothing. Names that are not here are ignored, as llama-server ignores them.
 */
type Standing = 'honoured' | 'harmless' | readonly unknown[];

const off = [false] as const;
const empty = [[], {}, ''] as const;

export const PARAMETERS: Readonly<Record<string, Standing>> = {
  messages: 'honoured',
  prompt: 'honoured',
  input: 'honoured',
  encoding_format: 'honoured',
  stream: 'honoured',
  stream_options: 'honoured',
  max_tokens: 'honoured',
  max_completion_tokens: 'honoured',
  n_predict: 'honoured',
  stop: 'honoured',
  temperature: 'honoured',
  top_k: 'honoured',
  top_p: 'honoured',
  min_p: 'honoured',
  seed: 'honoured',
  repeat_penalty: 'honoured',
  repeat_last_n: 'honoured',
  frequency_penalty: 'honoured',
  presence_penalty: 'honoured',
  dry_multiplier: 'honoured',
  dry_base: 'honoured',
  dry_allowed_length: 'honoured',
  dry_penalty_last_n: 'honoured',
  dry_sequence_breakers: 'honoured',
  xtc_probability: 'honoured',
  xtc_threshold: 'honoured',
  logit_bias: 'honoured',
  grammar: 'honoured',
  response_format: 'honoured',
  json_schema: 'honoured',
  n: 'honoured',
  logprobs: 'honoured',
  top_logprobs: 'honoured',
  n_probs: 'honoured',
  tools: 'honoured',
  tool_choice: 'honoured',
  parallel_tool_calls: 'honoured',
  reasoning_effort: 'honoured',
  cache_prompt: 'honoured',
  chat_template_kwargs: 'honoured',
  add_generation_prompt: 'honoured',
  continue_final_message: 'honoured',
  verbose: 'honoured',

  model: 'harmless',
  user: 'harmless',
  metadata: 'harmless',
  store: 'harmless',
  service_tier: 'harmless',
  safety_identifier: 'harmless',
  prompt_cache_key: 'harmless',

  best_of: [1],
  echo: off,
  suffix: empty,
  functions: empty,
  function_call: ['none', 'auto'],
  grammar_lazy: off,
  modalities: [['text']],
  audio: [],
  prediction: [],
  web_search_options: [],
  reasoning_format: ['none', 'auto', 'deepseek'],
  thinking_budget_tokens: [-1],
  verbosity: [],
  lora: empty,
  mirostat: [0],
  typical_p: [1],
  top_n_sigma: [-1],
  dynatemp_range: [0],
  adaptive_target: [-1],
  samplers: empty,
  min_keep: [0],
  n_keep: [0, -1],
  n_discard: [0],
  n_indent: [0],
  t_max_predict_ms: [0, -1],
  id_slot: [-1],
  ignore_eos: off,
  return_tokens: off,
  return_progress: off,
  timings_per_token: off,
  post_sampling_probs: off,
  response_fields: empty,
  speculative: empty,
  dimensions: [],
};

/** @throws RequestError that names the first parameter which asks for something this engine cannot do. */
export function refuseUnsupported(body: JsonObject): void {
  for (const [name, value] of Object.entries(body)) {
    const standing = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined;
    if (typeof standing !== 'object' || value === null) continue;
    const asked = JSON.stringify(value);
    if (standing.some((neutral) => JSON.stringify(neutral) === asked)) continue;
    throw unsupported(`'${name}': ${show(value)}`);
  }
}

export function unsupported(what: string): Error {
  return badRequest(
    `The embedded llama.cpp engine does not support ${what}. Leave it out, or run a worker that has llama-server.`,
  );
}
