import { invalid, isObject, isString, type Item } from './fields.js';
import { qualifiedName } from './tool-namespaces.js';

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

/** A tool as the response object lists it, and as the functions of the chat completion. */
interface Offer {
  readonly told: readonly Item[];
  readonly functions: readonly ChatTool[];
}

const WORDS = new Set(['none', 'auto', 'required']);

/**
 * Tools that OpenAI runs itself and that clients such as Codex offer unasked. Nobody here can run them. An offer need
 * not be taken up, so they are left out, of the list in the response, too.
 */
const LEFT_OUT = new Set<unknown>([
  'web_search',
  'web_search_2025_08_26',
  'web_search_preview',
  'web_search_preview_2025_03_11',
]);

/**
 * Function tools, in the flat form of the Responses API or the nested one of chat completions, alone or in namespaces.
 * A choice that names one function becomes "required" with that function alone, because engines take a name for "auto".
 * @throws LongshoreError
 */
export function decodeTools(tools: unknown, choice: unknown): DecodedTools {
  if (tools !== undefined && tools !== null && !Array.isArray(tools)) {
    throw invalid('"tools" must be an array.', 'tools');
  }
  const offers = ((tools ?? []) as readonly unknown[]).map((tool, index) =>
    decodeTool(tool, `tools[${index}]`),
  );
  const functions = offers.flatMap((offer) => offer.functions);
  if (choice === 'required' && functions.length === 0 && offers.length > 0) {
    throw invalid('"tool_choice" is "required", but none of "tools" can be run here.', 'tool_choice');
  }
  return {
    tools: offers.flatMap(({ told }) => told),
    choice: decodeChoice(choice ?? undefined, functions),
  };
}

function decodeTool(tool: unknown, field: string): Offer {
  if (!isObject(tool)) throw invalid(`"${field}" must be an object.`, 'tools');
  if (LEFT_OUT.has(tool['type'])) return { told: [], functions: [] };
  if (tool['type'] === 'namespace') return decodeNamespace(tool, field);
  const decoded = decodeFunction(tool, field);
  return { told: [{ type: decoded.type, ...decoded.function }], functions: [decoded] };
}

/** Engines are told the functions of a namespace by names that begin with it. */
function decodeNamespace(tool: Item, field: string): Offer {
  const { name: namespace, tools } = tool;
  if (!isString(namespace) || namespace === '') throw invalid(`"${field}.name" must be a string.`, 'tools');
  if (!Array.isArray(tools)) throw invalid(`"${field}.tools" must be an array.`, 'tools');
  const functions = tools.map((member: unknown, index) => {
    const { type, function: definition } = decodeFunction(member, `${field}.tools[${index}]`);
    const name = qualifiedName({ name: definition.name, namespace });
    return { type, function: { ...definition, name } };
  });
  return { told: [tool], functions };
}

function decodeFunction(tool: unknown, field: string): ChatTool {
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
  const wanted = isString(name) ? inNamespace(choice, name) : undefined;
  const chosen = tools.filter((tool) => tool.function.name === wanted);
  if (chosen.length === 0)
    throw invalid('"tool_choice" names a function that "tools" does not have.', 'tool_choice');
  return {
    parameters: { tools: chosen, tool_choice: 'required' },
    echoed: {
      type: 'function',
      name,
      ...(isString(choice['namespace']) && { namespace: choice['namespace'] }),
    },
  };
}

/** Some of the tools, of which the model may or must call one: only those are offered. */
function decodeAllowed(choice: Item, tools: readonly ChatTool[]): ToolChoice {
  const { mode, tools: allowed } = choice;
  if ((mode !== 'auto' && mode !== 'required') || !Array.isArray(allowed)) {
    throw invalid('"tool_choice" of "allowed_tools" must have "mode" and "tools".', 'tool_choice');
  }
  const names = allowed.map((tool: unknown) =>
    isObject(tool) && isString(tool['name']) ? inNamespace(tool, tool['name']) : undefined,
  );
  const unknown = names.find((name) => !tools.some((tool) => tool.function.name === name));
  if (names.length === 0 || unknown !== undefined || names.includes(undefined))
    throw invalid('"tool_choice" names a function that "tools" does not have.', 'tool_choice');
  const offered = tools.filter((tool) => names.includes(tool.function.name));
  return { parameters: { tools: offered, tool_choice: mode }, echoed: choice };
}

function inNamespace({ namespace }: Item, name: string): string {
  return qualifiedName({ name, ...(isString(namespace) && { namespace }) });
}
