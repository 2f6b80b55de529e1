/** Members of a request that say how llama-server draws tokens and mean the same in the middle of an answer. */
export const LLAMA_SAMPLING: readonly string[] = [
  'temperature dynatemp_range dynatemp_exponent top_k top_p min_p typical_p top_n_sigma seed samplers min_keep',
  'repeat_penalty repeat_last_n presence_penalty frequency_penalty mirostat mirostat_tau mirostat_eta',
  'dry_multiplier dry_base dry_allowed_length dry_penalty_last_n dry_sequence_breakers',
  'xtc_probability xtc_threshold logit_bias ignore_eos cache_prompt stop',
].flatMap((names) => names.split(' '));
