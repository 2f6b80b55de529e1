import { isListOf, isObject, isString, show, type JsonObject } from '../fields.js';
import { space, type GrammarBuilder } from './grammar-builder.js';
import { EMPTY, NEVER, choice, isNever, optional, sequence, text, type GrammarNode } from './grammar-node.js';
import { readCountKeyword } from './keywords.js';
import { refuseKeyword } from './refuse-schema.js';
import { otherKey } from './string-schema.js';

/** Turns a schema inside another one into grammar. */
export type ConvertInner = (schema: unknown, place: string) => GrammarNode;

interface Property {
  readonly required: boolean;
  /** Key, colon and value. */
  readonly node: GrammarNode;
}

/** What an object may hold: named properties, in this order, then others. */
interface ObjectShape {
  readonly properties: readonly Property[];
  /** Key, colon and value of any other property; never for none. */
  readonly other: GrammarNode;
  readonly mostOthers: number | undefined;
  readonly mayBeEmpty: boolean;
}

const PROPERTY_LIMIT = 500;

/** Characters; telling other names from long ones takes a rule for each. */
const NAME_LIMIT = 200;

/**
 * A JSON object that satisfies a schema, its properties in the order in which the schema names them. Properties that
 * the schema does not name are written only where `additionalProperties` asks for them, or where it names none.
 * @throws RequestError
 */
export function objectNode(
  schema: JsonObject,
  builder: GrammarBuilder,
  place: string,
  convert: ConvertInner,
): GrammarNode {
  const shape = shapeOf(schema, builder, place, convert);
  if (shape === undefined) return NEVER;
  return sequence(text('{'), space(builder), members(shape, builder, place), space(builder), text('}'));
}

function shapeOf(
  schema: JsonObject,
  builder: GrammarBuilder,
  place: string,
  convert: ConvertInner,
): ObjectShape | undefined {
  const named = readNamed(schema, place);
  const required = readRequired(schema, place);
  const others = schema['additionalProperties'];
  const unnamed = required.filter((name) => !named.has(name));
  const properties: Property[] = [];
  for (const [name, inner] of [...named, ...unnamed.map((name) => [name, others ?? true] as const)]) {
    const at = named.has(name) ? `${place}/properties/${pointerPart(name)}` : `${place}/additionalProperties`;
    const value = convert(inner, at);
    const isRequired = required.includes(name);
    if (isNever(value) && isRequired) return undefined;
    if (!isNever(value))
      properties.push({ required: isRequired, node: member(text(JSON.stringify(name)), value, builder) });
  }
  const allNames = [...named.keys(), ...unnamed];
  if (allNames.length > PROPERTY_LIMIT)
    throw refuseKeyword('properties', place, `names more than ${PROPERTY_LIMIT} properties`);
  const wanted = others ?? allNames.length === 0;
  const value = convert(wanted, `${place}/additionalProperties`);
  if (!isNever(value) && allNames.some((name) => name.length > NAME_LIMIT))
    throw refuseKeyword(
      'properties',
      place,
      `has a name of more than ${NAME_LIMIT} characters beside free ones`,
    );
  const other = isNever(value) ? NEVER : member(otherKey(allNames, builder), value, builder);
  return counted(schema, place, properties, other);
}

/** Keeps the limits on the number of properties. */
function counted(
  schema: JsonObject,
  place: string,
  properties: readonly Property[],
  other: GrammarNode,
): ObjectShape | undefined {
  const least = readCountKeyword(schema, 'minProperties', place) ?? 0;
  const most = readCountKeyword(schema, 'maxProperties', place);
  const required = properties.filter((property) => property.required);
  if (most !== undefined && (most < least || most < required.length)) return undefined;
  if (least > Math.max(1, required.length)) throw refuseKeyword('minProperties', place);
  const mayBeEmpty = least === 0;
  if (most === undefined || properties.length <= most) {
    const mostOthers = most === undefined ? undefined : most - properties.length;
    return { properties, other: mostOthers === 0 ? NEVER : other, mostOthers, mayBeEmpty };
  }
  if (most > required.length) throw refuseKeyword('maxProperties', place);
  return { properties: required, other: NEVER, mostOthers: 0, mayBeEmpty };
}

function members(shape: ObjectShape, builder: GrammarBuilder, place: string): GrammarNode {
  const { properties, other, mostOthers, mayBeEmpty } = shape;
  const comma = sequence(text(','), space(builder));
  const further = builder.repeat(sequence(comma, other), 0, mostOthers, place);
  const others = isNever(other)
    ? NEVER
    : sequence(other, builder.repeat(sequence(comma, other), 0, mostOthers && mostOthers - 1, place));
  // From the last property to the first: what follows once something, or nothing, has been written.
  let afterSome = further;
  let afterNone = choice(mayBeEmpty ? EMPTY : NEVER, others);
  for (const { required, node } of properties.toReversed()) {
    const next = builder.own(afterSome);
    const first = sequence(node, next);
    afterNone = builder.own(required ? first : choice(first, afterNone));
    const another = sequence(comma, node);
    afterSome = sequence(required ? another : optional(another), next);
  }
  return afterNone;
}

function member(key: GrammarNode, value: GrammarNode, builder: GrammarBuilder): GrammarNode {
  return builder.own(sequence(key, text(':'), space(builder), value));
}

function readNamed(schema: JsonObject, place: string): ReadonlyMap<string, unknown> {
  const properties = schema['properties'] ?? {};
  if (isObject(properties)) return new Map(Object.entries(properties));
  throw refuseKeyword('properties', place, `must be an object, but is ${show(properties)}`);
}

function readRequired(schema: JsonObject, place: string): readonly string[] {
  const required = schema['required'] ?? [];
  if (isListOf(required, isString)) return [...new Set(required)];
  throw refuseKeyword('required', place, `must be a list of names, but is ${show(required)}`);
}

/** A name as part of a JSON pointer. */
function pointerPart(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
