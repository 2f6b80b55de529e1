import { isObject } from './request-body.js';

type Request = Readonly<Record<string, unknown>>;

/** Members of a request that llama.cpp makes grammars of. */
const SCHEMA_MEMBERS = ['response_format', 'json_schema', 'tools'];

const RANGES = [
  ['minLength', 'maxLength'],
  ['minItems', 'maxItems'],
] as const;

/** Choices in one place; the time for each token grows with their square, and nobody else is served meanwhile. */
export const CHOICES_LIMIT = 2_000;
const CHOICE_MEMBERS = ['enum', 'anyOf', 'oneOf'];

/** Properties of one object that may be left out; each needs a rule with all that follow it. */
export const OPTIONAL_LIMIT = 500;

const REPETITION = /\{\s*(\d+)\s*,\s*(\d+)\s*\}/g;
/** What stands for itself in GBNF. */
const LITERALS = /"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]/gs;

/**
 * Why llama.cpp must not be asked to keep to the grammar or the JSON schemas of a request; undefined when it may be. It
 * counts up from the larger end of a range that is the wrong way round until the memory of the machine is full, and is
 * lost for all its callers.
 */
export function impossibleGrammar(request: Request): string | undefined {
  const { grammar } = request;
  if (typeof grammar === 'string') {
    const rules = grammar.replaceAll(LITERALS, '""');
    const problem = reversedRepetition('The grammar', rules) ?? tooMany('grammar', rules.split('|').length);
    if (problem !== undefined) return problem;
  }
  for (const member of SCHEMA_MEMBERS) {
    const problem = impossibleSchema(request[member]);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function impossibleSchema(root: unknown): string | undefined {
  const rest: unknown[] = [root];
  while (rest.length > 0) {
    const value = rest.pop();
    const problem = isObject(value) ? problemOf(value) : undefined;
    if (problem !== undefined) return problem;
    if (typeof value === 'object' && value !== null)
      for (const inner of Object.values(value)) rest.push(inner);
  }
  return undefined;
}

function problemOf(schema: Request): string | undefined {
  for (const [least, most] of RANGES) {
    const [low = 0, high] = [schema[least], schema[most]];
    if (typeof low === 'number' && typeof high === 'number' && low > high)
      return `Nothing fits a JSON schema with '${least}' ${low} and '${most}' ${high}.`;
  }
  const { pattern } = schema;
  for (const member of CHOICE_MEMBERS) {
    const choices = schema[member];
    const problem = tooMany(member, Array.isArray(choices) ? choices.length : 0);
    if (problem !== undefined) return problem;
  }
  if (optionalProperties(schema) > OPTIONAL_LIMIT)
    return `An object of a JSON schema has more than ${OPTIONAL_LIMIT} properties that are not required.`;
  return typeof pattern === 'string'
    ? reversedRepetition("The 'pattern' of a JSON schema", pattern)
    : undefined;
}

function optionalProperties({ properties, required }: Request): number {
  if (!isObject(properties)) return 0;
  const needed = new Set<unknown>(Array.isArray(required) ? required : []);
  return Object.keys(properties).filter((name) => !needed.has(name)).length;
}

function reversedRepetition(what: string, text: string): string | undefined {
  for (const [written, low, high] of text.matchAll(REPETITION)) {
    if (Number(low) > Number(high)) return `${what} repeats ${written}, which nothing fits.`;
  }
  return undefined;
}

function tooMany(where: string, count: number): string | undefined {
  return count > CHOICES_LIMIT ? `'${where}' has more than ${CHOICES_LIMIT} choices.` : undefined;
}
