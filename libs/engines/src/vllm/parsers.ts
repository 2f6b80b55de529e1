import type { ModelFolder } from './model-folder.js';

/** Names of vLLM for how a model writes tool calls and reasoning into its text. */
export interface Parsers {
  readonly toolCall?: string;
  readonly reasoning?: string;
}

interface Rule {
  readonly parser: string;
  /** Of `model_type`; absent = any. */
  readonly type?: RegExp;
  /** Of the chat template; absent = any. */
  readonly template?: RegExp;
}

/** The first rule that fits holds. What no rule knows gets no parser: its text stays as the model wrote it. */
const TOOL_CALLS: readonly Rule[] = [
  { parser: 'openai', type: /^gpt_oss$/ },
  { parser: 'kimi_k2', template: /<\|tool_calls_section_begin\|>/ },
  { parser: 'deepseek_v32', type: /^deepseek_v32$/ },
  { parser: 'deepseek_v3', template: /<｜tool▁calls▁begin｜>[^]*```json/ },
  { parser: 'deepseek_v31', template: /<｜tool▁calls▁begin｜>/ },
  { parser: 'mistral', template: /\[TOOL_CALLS\]/ },
  { parser: 'glm45', type: /^glm4/, template: /<arg_key>/ },
  { parser: 'minimax_m2', type: /^minimax/, template: /minimax:tool_call/ },
  { parser: 'seed_oss', type: /^seed_oss$/ },
  { parser: 'step3', type: /^step3/, template: /steptml/ },
  { parser: 'hunyuan_a13b', type: /^hunyuan/, template: /<tool_calls>/ },
  { parser: 'ernie45', type: /^ernie4_5/, template: /<tool_call>/ },
  { parser: 'granite4', type: /^granitemoehybrid$/, template: /<tool_call>/ },
  { parser: 'granite', type: /^granite/, template: /<\|tool_call\|>/ },
  { parser: 'lfm2', type: /^lfm2/, template: /<\|tool_call_start\|>/ },
  { parser: 'internlm', type: /^internlm/, template: /<\|plugin\|>/ },
  { parser: 'jamba', type: /^jamba$/, template: /<tool_calls>/ },
  { parser: 'phi4_mini_json', type: /^phi/, template: /<\|tool\|>/ },
  { parser: 'llama4_pythonic', type: /^llama4/ },
  { parser: 'llama3_json', template: /<\|python_tag\|>|"parameters": dictionary of argument name/ },
  { parser: 'qwen3_coder', template: /<tool_call>[^]*<function=/ },
  { parser: 'hermes', template: /<tool_call>/ },
];

const REASONING: readonly Rule[] = [
  { parser: 'openai_gptoss', type: /^gpt_oss$/ },
  { parser: 'kimi_k2', type: /^kimi/, template: /<\/think>/ },
  { parser: 'mistral', template: /\[THINK\]/ },
  { parser: 'glm45', type: /^glm4/, template: /<\/think>/ },
  { parser: 'minimax_m2', type: /^minimax/, template: /<\/think>/ },
  { parser: 'seed_oss', type: /^seed_oss$/ },
  { parser: 'step3', type: /^step3/, template: /<\/think>/ },
  { parser: 'hunyuan_a13b', type: /^hunyuan/, template: /<think>/ },
  { parser: 'ernie45', type: /^ernie4_5/, template: /<\/think>/ },
  // Thinks when it is asked to.
  { parser: 'deepseek_v3', type: /^deepseek/, template: /thinking/ },
  // Its template drops the reasoning of earlier turns, or opens the reasoning of the next.
  { parser: 'deepseek_r1', template: /<｜Assistant｜>[^]*<\/?think>/ },
  { parser: 'qwen3', type: /^qwen3/, template: /<\/think>/ },
  { parser: 'deepseek_r1', type: /^qwen2/, template: /<think>/ },
];

/**
 * Chooses parsers by the family of the model and by its template.
 * @param toolCallParsers those that the installed program lists; empty = not known, so all are taken to be there
 */
export function chooseParsers(
  { modelType, chatTemplate }: Pick<ModelFolder, 'modelType' | 'chatTemplate'>,
  toolCallParsers: ReadonlySet<string>,
): Parsers {
  const fits = ({ type, template }: Rule): boolean =>
    (type?.test(modelType) ?? true) && (template?.test(chatTemplate) ?? true);
  const isThere = ({ parser }: Rule): boolean => toolCallParsers.size === 0 || toolCallParsers.has(parser);
  const toolCall = TOOL_CALLS.filter(isThere).find(fits)?.parser;
  const reasoning = REASONING.find(fits)?.parser;
  return { ...(toolCall !== undefined && { toolCall }), ...(reasoning !== undefined && { reasoning }) };
}
