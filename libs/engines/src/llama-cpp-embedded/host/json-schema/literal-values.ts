import { isObject, show, type JsonObject } from '../fields.js';
import { NEVER, choice, text, type GrammarNode } from './grammar-node.js';
import { KEPT, kindsOf, type Kind } from './keywords.js';
import { isSame } from './merge-schemas.js';
import { refuseKeyword } from './refuse-schema.js';

const LIMIT = 5_000;

/** The values of `enum` and `const` that satisfy the rest of the schema; undefined when it has neither. */
export function literalNode(schema: JsonObject, place: string): GrammarNode | undefined {
  const values = listValues(schema, place);
  if (values === undefined) return undefined;
  const kept = values.filter((value) => satisfies(value, schema, place));
  return kept.length === 0 ? NEVER : choice(...kept.map((value) => text(JSON.stringify(value))));
}

function listValues(schema: JsonObject, place: string): readonly unknown[] | undefined {
  const { const: only, enum: all } = schema;
  if (all !== undefined && !Array.isArray(all))
    throw refuseKeyword('enum', place, `must be a list, but is ${show(all)}`);
  const values: readonly unknown[] | undefined = all;
  if (values !== undefined && values.length > LIMIT)
    throw refuseKeyword('enum', place, `has more than ${LIMIT} values`);
  if (only === undefined) return values;
  return values === undefined || values.some((value) => isSame(value, only)) ? [only] : [];
}

function satisfies(value: unknown, schema: JsonObject, place: string): boolean {
  const kind = kindOf(value);
  if (schema['type'] !== undefined) {
    const kinds = kindsOf(schema, place);
    if (!kinds.includes(kind) && !(kind === 'integer' && kinds.includes('number'))) return false;
  }
  const speaking = Object.keys(schema).filter((keyword) => {
    const kinds = KEPT[keyword];
    return kinds !== undefined && kinds !== 'any' && kinds.includes(kind);
  });
  return speaking.every((keyword) => isWithin(keyword, value, schema[keyword], place));
}

/** Whether a value keeps one keyword. */
function isWithin(keyword: string, value: unknown, limit: unknown, place: string): boolean {
  const size =
    typeof value === 'string'
      ? Array.from(value).length
      : Array.isArray(value)
        ? value.length
        : Number(value);
  if (typeof limit === 'number') {
    if (['minimum', 'minLength', 'minItems'].includes(keyword)) return size >= limit;
    if (['maximum', 'maxLength', 'maxItems'].includes(keyword)) return size <= limit;
    if (keyword === 'exclusiveMinimum') return size > limit;
    if (keyword === 'exclusiveMaximum') return size < limit;
  }
  throw refuseKeyword(keyword, place, "cannot be kept beside 'enum' or 'const'");
}

function kindOf(value: unknown): Kind {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (isObject(value)) return 'object';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'boolean' ? 'boolean' : 'string';
}
