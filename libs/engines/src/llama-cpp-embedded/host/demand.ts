import { GRAMMAR_DEPTH_LIMIT, grammarDepth } from '../../grammar-depth.js';
import { impossibleGrammar } from '../../impossible-grammar.js';
import { isObject, readObject, readString, show, type JsonObject } from './fields.js';
import { badRequest } from './request-error.js';
import { unsupported } from './parameters.js';

/** A function that the model may call. */
export interface Tool {
  readonly name: string;
  /** JSON schema of its arguments. */
  readonly parameters: unknown;
}

/** The form that an answer must have. */
export type Demand =
  | { readonly kind: 'none' }
  /** GBNF. */
  | { readonly kind: 'grammar'; readonly grammar: string }
  | { readonly kind: 'schema'; readonly schema: unknown }
  /** A call of one of these. */
  | { readonly kind: 'call'; readonly tools: readonly Tool[] };

const NONE: Demand = { kind: 'none' };

/** What `grammar`, `json_schema` and `response_format` demand. @throws RequestError */
export function decodeDemand(body: JsonObject): Demand {
  const demands = [readGrammar(body), readSchema(body), readFormat(body)].filter(
    ({ kind }) => kind !== 'none',
  );
  if (demands.length > 1)
    throw badRequest("'grammar', 'json_schema' and 'response_format' cannot be used together.");
  return demands[0] ?? NONE;
}

function readGrammar(body: JsonObject): Demand {
  const grammar = readString(body, 'grammar') ?? '';
  if (grammarDepth(grammar) > GRAMMAR_DEPTH_LIMIT)
    throw badRequest(`'grammar' nests its brackets deeper than ${GRAMMAR_DEPTH_LIMIT} levels.`);
  const impossible = impossibleGrammar({ grammar });
  if (impossible !== undefined) throw badRequest(impossible);
  return grammar === '' ? NONE : { kind: 'grammar', grammar };
}

function readSchema(body: JsonObject): Demand {
  const schema = readObject(body, 'json_schema');
  return schema === undefined ? NONE : { kind: 'schema', schema };
}

function readFormat(body: JsonObject): Demand {
  const format = readObject(body, 'response_format');
  const type = format === undefined ? undefined : (readString(format, 'type') ?? 'text');
  if (format === undefined || type === 'text') return NONE;
  if (type === 'json_object') return { kind: 'schema', schema: format['schema'] ?? { type: 'object' } };
  if (type !== 'json_schema') throw unsupported(`'response_format': type "${type}"`);
  const described = readObject(format, 'json_schema');
  const schema = described?.['schema'] ?? format['schema'];
  if (schema !== undefined) return { kind: 'schema', schema };
  throw badRequest("'response_format.json_schema.schema' is required.");
}

/** Tools, and what `tool_choice` demands of them. */
export interface ToolWish {
  /** As the caller gave them, for the template. None when they shall not be used. */
  readonly offered: readonly JsonObject[];
  readonly tools: readonly Tool[];
  readonly demand: Demand;
}

/** @throws RequestError that names the field at fault. */
export function decodeTools(body: JsonObject): ToolWish {
  const offered = readTools(body['tools'] ?? []);
  const tools = offered.map(toolOf);
  const choice = body['tool_choice'] ?? 'auto';
  if (choice === 'none') return { offered: [], tools: [], demand: NONE };
  if (choice === 'auto') return { offered, tools, demand: NONE };
  const named = isObject(choice) && isObject(choice['function']) ? choice['function']['name'] : undefined;
  if (choice !== 'required' && typeof named !== 'string')
    throw badRequest(
      `'tool_choice' must be "none", "auto", "required" or {"type": "function", "function": {"name": …}}, but is ${show(choice)}.`,
    );
  const demanded = choice === 'required' ? tools : tools.filter((tool) => tool.name === named);
  if (demanded.length > 0) return { offered, tools, demand: { kind: 'call', tools: demanded } };
  throw badRequest(
    tools.length === 0
      ? "'tool_choice' demands a call, but 'tools' is empty."
      : `'tool_choice' names ${show(named)}, which is not one of 'tools'.`,
  );
}

function readTools(tools: unknown): readonly JsonObject[] {
  if (!Array.isArray(tools)) throw badRequest(`'tools' must be a list, but is ${show(tools)}.`);
  return tools.map((tool: unknown, index) => {
    const described = isObject(tool) ? tool['function'] : undefined;
    if (isObject(tool) && isObject(described) && typeof described['name'] === 'string') return tool;
    throw badRequest(`tools[${index}] must have a function with a name, but is ${show(tool)}.`);
  });
}

function toolOf(tool: JsonObject): Tool {
  const described = tool['function'] as JsonObject;
  return { name: String(described['name']), parameters: described['parameters'] ?? { type: 'object' } };
}

/** @throws RequestError when both an answer's form and a call are demanded. */
export function oneDemand(format: Demand, call: Demand): Demand {
  if (format.kind !== 'none' && call.kind !== 'none')
    throw badRequest(
      "'tool_choice' demands a call, which 'grammar', 'json_schema' or 'response_format' bars.",
    );
  return call.kind === 'none' ? format : call;
}
