import { isObject, show, type JsonObject } from '../fields.js';
import { refuseKeyword } from './refuse-schema.js';

export const KINDS = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'] as const;
export type Kind = (typeof KINDS)[number];

/** Keywords that say which values are allowed, and that are kept; by the kind of value they speak of. */
export const KEPT: Readonly<Record<string, readonly Kind[] | 'any'>> = {
  type: 'any',
  nullable: 'any',
  enum: 'any',
  const: 'any',
  allOf: 'any',
  anyOf: 'any',
  oneOf: 'any',
  $ref: 'any',
  properties: ['object'],
  required: ['object'],
  additionalProperties: ['object'],
  minProperties: ['object'],
  maxProperties: ['object'],
  items: ['array'],
  prefixItems: ['array'],
  additionalItems: ['array'],
  minItems: ['array'],
  maxItems: ['array'],
  minLength: ['string'],
  maxLength: ['string'],
  pattern: ['string'],
  format: ['string', 'number', 'integer'],
  minimum: ['number', 'integer'],
  maximum: ['number', 'integer'],
  exclusiveMinimum: ['number', 'integer'],
  exclusiveMaximum: ['number', 'integer'],
};

/** Keywords that restrict values in a way a grammar does not keep; the listed values restrict nothing. */
const REFUSED: ReadonlyMap<string, readonly unknown[]> = new Map<string, readonly unknown[]>([
  ['multipleOf', []],
  ['divisibleBy', []],
  ['not', []],
  ['if', []],
  ['then', []],
  ['else', []],
  ['extends', []],
  ['disallow', []],
  ['dependencies', []],
  ['dependentRequired', []],
  ['dependentSchemas', []],
  ['patternProperties', []],
  ['propertyNames', [true]],
  ['unevaluatedProperties', [true]],
  ['unevaluatedItems', [true]],
  ['uniqueItems', [false]],
  ['contains', [true]],
  ['minContains', [0]],
  ['maxContains', []],
  ['$dynamicRef', []],
  ['$recursiveRef', []],
]);

/**
 * The keywords of a schema that are to be kept. What merely describes is left out, and so are words that JSON Schema
 * does not know, which allow everything.
 * @throws RequestError for the first keyword that restricts values and cannot be kept.
 */
export function constraintsOf(schema: JsonObject, place: string): JsonObject {
  for (const [keyword, value] of Object.entries(schema)) {
    const free = REFUSED.get(keyword);
    const isEmpty = isObject(value) && Object.keys(value).length === 0;
    if (free !== undefined && !isEmpty && !free.includes(value)) throw refuseKeyword(keyword, place);
  }
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => Object.hasOwn(KEPT, keyword)));
}

/** A keyword whose value counts something. */
export function readCountKeyword(schema: JsonObject, keyword: string, place: string): number | undefined {
  const value = schema[keyword];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw refuseKeyword(keyword, place, `must be a whole number of at least 0, but is ${show(value)}`);
}

/** The kinds of value that a schema allows: those of `type`, else those that its other keywords speak of, else all. */
export function kindsOf(schema: JsonObject, place: string): readonly Kind[] {
  const { type } = schema;
  if (type !== undefined) {
    const named: readonly unknown[] = Array.isArray(type) ? type : [type];
    const unknown = named.find((kind) => !KINDS.includes(kind as Kind));
    if (unknown !== undefined)
      throw refuseKeyword('type', place, `is ${show(unknown)}; there are ${KINDS.join(', ')}`);
    // Each integer is a number already.
    return [...new Set(named as Kind[])].filter(
      (kind, _, all) => kind !== 'integer' || !all.includes('number'),
    );
  }
  const spoken = Object.keys(schema).flatMap((keyword) => {
    const kinds = KEPT[keyword];
    return kinds === undefined || kinds === 'any' || keyword === 'format' ? [] : kinds;
  });
  if (spoken.length === 0 && schema['format'] !== undefined) spoken.push('string');
  const kinds: readonly Kind[] = spoken.length === 0 ? KINDS : spoken;
  return KINDS.filter((kind) => kind !== 'integer' && kinds.includes(kind));
}
