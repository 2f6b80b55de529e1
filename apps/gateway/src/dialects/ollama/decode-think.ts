import { type JsonObject, refuse } from './fields.js';

const LEVELS = ['low', 'medium', 'high'];

export interface DecodedThink {
  /** Members of the chat completion. */
  readonly members: JsonObject;
  /** Whether the answer tells what the model thought. */
  readonly told: boolean;
}

/**
 * Whether, or how hard, a model is to think before it answers. Templates have a switch, or a level, or neither; where
 * there is none, llama.cpp closes the thoughts at once when its budget is 0.
 * @throws LongshoreError
 */
export function decodeThink({ think }: JsonObject): DecodedThink {
  if (think === undefined || think === null || think === '') return { members: {}, told: true };
  if (think === true) return { members: { chat_template_kwargs: { enable_thinking: true } }, told: true };
  if (think === false) {
    const chat_template_kwargs = { enable_thinking: false };
    return { members: { chat_template_kwargs, thinking_budget_tokens: 0 }, told: false };
  }
  if (typeof think !== 'string' || !LEVELS.includes(think))
    throw refuse('think', 'must be true, false, "low", "medium" or "high".');
  const chat_template_kwargs = { enable_thinking: true, reasoning_effort: think };
  return { members: { chat_template_kwargs, reasoning_effort: think }, told: true };
}
