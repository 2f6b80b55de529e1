/**
 * What becomes of a field. `translated`: it has its meaning, in the words of a chat completion or in the answer.
 * `without effect`: it is taken, and nothing depends on it. `checked`: taken as far as it asks for what there is, and
 * refused by name beyond. `refused`: a request that has it is refused, and told so by name. `header`: never in a body.
 */
export type Fate = 'translated' | 'without effect' | 'checked' | 'refused' | 'header';
export type Fates = Readonly<Record<string, Fate>>;

export const REFUSED: Fate = 'refused';

/** Of the body. A field that is not here goes to the engine as it is, such as `min_p`. */
export const BODY_FIELDS: Fates = {
  model: 'translated',
  max_tokens: 'translated',
  messages: 'translated',
  system: 'translated',
  stream: 'translated',
  temperature: 'translated',
  top_p: 'translated',
  top_k: 'translated',
  stop_sequences: 'translated',
  tools: 'translated',
  tool_choice: 'translated',
  thinking: 'translated',
  output_config: 'translated',
  output_format: 'translated',
  metadata: 'translated',
  cache_control: 'without effect',
  diagnostics: 'without effect',
  service_tier: 'without effect',
  speed: 'without effect',
  context_management: 'checked',
  n: 'checked',
  billing_policy: 'refused',
  compaction: 'refused',
  container: 'refused',
  fallback_credit_token: 'refused',
  fallbacks: 'refused',
  inference_geo: 'refused',
  mcp_servers: 'refused',
  thread: 'refused',
  betas: 'header',
  user_profile_id: 'header',
  workspace_id: 'header',
};

/** Of a message. */
export const MESSAGE_FIELDS: Fates = {
  role: 'translated',
  content: 'translated',
  clear_at: 'refused',
  output_config: 'refused',
};

/** Of a block of content, by its type. A block of a type that is not here is refused. */
export const BLOCK_FIELDS: Readonly<Record<string, Fates>> = {
  text: {
    type: 'translated',
    text: 'translated',
    cache_control: 'without effect',
    citations: 'without effect',
  },
  image: {
    type: 'translated',
    source: 'translated',
    cache_control: 'without effect',
    transformations: 'without effect',
  },
  document: {
    type: 'translated',
    source: 'checked',
    title: 'translated',
    context: 'translated',
    citations: 'checked',
    cache_control: 'without effect',
  },
  search_result: {
    type: 'translated',
    source: 'translated',
    title: 'translated',
    content: 'translated',
    citations: 'checked',
    cache_control: 'without effect',
  },
  thinking: { type: 'translated', thinking: 'translated', signature: 'without effect' },
  redacted_thinking: { type: 'translated', data: 'without effect' },
  tool_use: {
    type: 'translated',
    id: 'translated',
    name: 'translated',
    input: 'translated',
    caller: 'without effect',
    toolset_name: 'refused',
    cache_control: 'without effect',
  },
  tool_result: {
    type: 'translated',
    tool_use_id: 'translated',
    content: 'translated',
    is_error: 'translated',
    toolset_name: 'refused',
    cache_control: 'without effect',
  },
};
