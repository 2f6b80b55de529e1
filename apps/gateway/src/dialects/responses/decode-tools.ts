import { invalid, isObject, isString, type Item } from './fields.js';

/** Which tools the model may call, in the words of both APIs. */
export interface ToolChoice {
  /** Members of the chat completion body. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** `tool_choice` of the response object. */
  readonly echoed: unknown;
}

export interface DecodedTools {
  /** As the response object lists them. */
  readonly tools: readonly Item[];
  readonly choice: ToolChoice;
}

interface ChatTool {
  readonly type: 'function';
  readonly function: { readonly name: string } & Item;
}

const WORDS = new Set(['none', 'auto', 'required']);

/**
 * Function tools, in the flat form of the Responses API or the nested one of chat completions.
 * A choice that names one function becomes "required" with that function alone, because engines take a name for "auto".
 * @throws LongshoreError
 */
export function decodeTools(tools: unknown, choice: unknown): DecodedTools {
  if (tools !== undefined && tools !== null && !Array.isArray(tools)) {
    throw invalid('"tools" must be an array.', 'tools');
  }
  const chatTools = ((tools ?? []) as readonly unknown[]).map(decodeTool);
  return {
    tools: chatTools.map(({ type, function: definition }) => ({ type, ...definition })),
    choice: decodeChoice(choice ?? undefined, chatTools),
  };
}

function decodeTool(tool: unknown, index: number): ChatTool {
  const field = `tools[${index}]`;
  if (!isObject(tool)) throw invalid(`"${field}" must be an object.`, 'tools');
  const { type, function: nested, ...flat } = tool;
  if (type !== 'function') {
    throw invalid(
      `"${field}.type" is ${JSON.stringify(type)?.slice(0, 100)}; only "function" is supported.`,
      'tools',
    );
  }
  const definition = isObject(nested) ? nested : flat;
  const { name } = definition;
  if (!isString(name) || name === '') throw invalid(`"${field}.name" must be a string.`, 'tools');
  return { type, function: { ...definition, name } };
}

function decodeChoice(choice: unknown, tools: readonly ChatTool[]): ToolChoice {
  const offered = tools.length > 0 ? { tools } : {};
  if (choice === undefined) return { parameters: offered, echoed: 'auto' };
  if (isString(choice)) {
    if (!WORDS.has(choice))
      throw invalid('"tool_choice" must be "none", "auto" or "required".', 'tool_choice');
    return { parameters: { ...offered, tool_choice: choice }, echoed: choice };
  }
  if (isObject(choice) && choice['type'] === 'allowed_tools') return decodeAllowed(choice, tools);
  if (!isObject(choice) || choice['type'] !== 'function') {
    throw invalid('"tool_choice" must be a word or {"type":"function","name":…}.', 'tool_choice');
  }
  const name = choice['name'] ?? (isObject(choice['function']) ? choice['function']['name'] : undefined);
  const chosen = tools.filter((tool) => tool.function.name === name);
  if (chosen.length === 0)
    throw invalid('"tool_choice" names a function that "tools" does not have.', 'tool_choice');
  return { parameters: { tools: chosen, tool_choice: 'required' }, echoed: { type: 'function', name } };
}

/** Some of the tools, of which the model may or must call one: only those are offered. */
function decodeAllowed(choice: Item, tools: readonly ChatTool[]): ToolChoice {
  const { mode, tools: allowed } = choice;
  if ((mode !== 'auto' && mode !== 'required') || !Array.isArray(allowed)) {
    throw invalid('"tool_choice" of "allowed_tools" must have "mode" and "tools".', 'tool_choice');
  }
  const names = allowed.map((tool: unknown) => (isObject(tool) ? tool['name'] : undefined));
  const unknown = names.find((name) => !tools.some((tool) => tool.function.name === name));
  if (names.length === 0 || unknown !== undefined || names.includes(undefined))
    throw invalid('"tool_choice" names a function that "tools" does not have.', 'tool_choice');
  const offered = tools.filter((tool) => names.includes(tool.function.name));
  return { parameters: { tools: offered, tool_choice: mode }, echoed: choice };
}
