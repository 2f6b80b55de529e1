import {
  type Fields,
  invalid,
  isObject,
  isString,
  join,
  LIST,
  OBJECT,
  optional,
  quote,
  required,
  SWITCH,
  TEXT,
} from './fields.js';

/** Tools as a chat completion has them. */
export interface DecodedTools {
  /** Members of its body. */
  readonly parameters: Fields;
  /** Names of the tools whose input is to be told while it is written. */
  readonly eager: ReadonlySet<string>;
}

interface ChatTool {
  readonly type: 'function';
  readonly function: { readonly name: string } & Fields;
}

/**
 * Tools that the caller runs. A choice of one tool becomes "required" with that tool alone, because engines take a
 * name for "auto".
 * @throws LongshoreError
 */
export function decodeTools(body: Fields): DecodedTools {
  const given = optional(body, 'tools', LIST) ?? [];
  const tools = given.map((tool, index) => decodeTool(tool, join('tools', index)));
  const eager = given.flatMap((tool) =>
    isObject(tool) && tool['eager_input_streaming'] === true && isString(tool['name']) ? [tool['name']] : [],
  );
  return { parameters: decodeChoice(optional(body, 'tool_choice', OBJECT), tools), eager: new Set(eager) };
}

function decodeTool(tool: unknown, path: string): ChatTool {
  if (!isObject(tool)) throw invalid(path, 'must be an object.');
  const type = tool['type'] ?? 'custom';
  if (type !== 'custom') {
    throw invalid(
      join(path, 'type'),
      `tools of type ${quote(type)} are not supported: only "custom" ones, with an "input_schema", are.`,
    );
  }
  const description = optional(tool, 'description', TEXT, path);
  const strict = optional(tool, 'strict', SWITCH, path);
  return {
    type: 'function',
    function: {
      name: required(tool, 'name', TEXT, path),
      ...(description !== undefined && { description }),
      parameters: required(tool, 'input_schema', OBJECT, path),
      ...(strict !== undefined && { strict }),
    },
  };
}

function decodeChoice(choice: Fields | undefined, tools: readonly ChatTool[]): Fields {
  const { type = 'auto' } = choice ?? {};
  const single = optional(choice ?? {}, 'disable_parallel_tool_use', SWITCH, 'tool_choice') === true;
  const offered = tools.length === 0 ? {} : { tools, parallel_tool_calls: !single };
  switch (type) {
    case 'auto':
      return offered;
    case 'none':
      return tools.length === 0 ? {} : { ...offered, tool_choice: 'none' };
    case 'any':
      if (tools.length === 0) throw invalid('tool_choice', 'needs "tools" to choose from.');
      return { ...offered, tool_choice: 'required' };
    case 'tool':
      return { ...offered, tools: chosen(choice ?? {}, tools), tool_choice: 'required' };
    default:
      throw invalid('tool_choice.type', `must be "auto", "any", "tool" or "none", not ${quote(type)}.`);
  }
}

function chosen(choice: Fields, tools: readonly ChatTool[]): readonly ChatTool[] {
  const name = required(choice, 'name', TEXT, 'tool_choice');
  const named = tools.filter((tool) => tool.function.name === name);
  if (named.length === 0) throw invalid('tool_choice.name', `${quote(name)} is not among the "tools".`);
  return named;
}
