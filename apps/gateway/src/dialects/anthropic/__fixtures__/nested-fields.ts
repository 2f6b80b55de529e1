import type { Fates } from '../request-fields.js';

/** Of a tool that the caller runs. */
export const TOOL_FIELDS: Fates = {
  type: 'checked',
  name: 'translated',
  description: 'translated',
  input_schema: 'translated',
  strict: 'translated',
  eager_input_streaming: 'translated',
  allowed_callers: 'without effect',
  cache_control: 'without effect',
  defer_loading: 'without effect',
  input_examples: 'without effect',
};

/** Of `tool_choice`, all its forms together. */
export const TOOL_CHOICE_FIELDS: Fates = {
  type: 'translated',
  name: 'translated',
  disable_parallel_tool_use: 'translated',
};

/** Of `thinking`, all its forms together. */
export const THINKING_FIELDS: Fates = {
  type: 'translated',
  budget_tokens: 'translated',
  display: 'translated',
  block_binding: 'without effect',
};

export const OUTPUT_CONFIG_FIELDS: Fates = {
  effort: 'translated',
  format: 'translated',
  task_budget: 'without effect',
};

export const METADATA_FIELDS: Fates = { user_id: 'translated' };
