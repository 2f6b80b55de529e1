import { isObject, type JsonObject } from '../fields.js';
import { kindsOf, type Kind } from './keywords.js';
import { refuseKeyword } from './refuse-schema.js';

type Merge = (a: unknown, b: unknown, place: string) => unknown;

const larger: Merge = (a, b) => (Number(a) > Number(b) ? a : b);
const smaller: Merge = (a, b) => (Number(a) < Number(b) ? a : b);

/** Keywords that can be merged by looking at their two values alone. */
const MERGES: Readonly<Record<string, Merge>> = {
  minLength: larger,
  maxLength: smaller,
  minItems: larger,
  maxItems: smaller,
  minProperties: larger,
  maxProperties: smaller,
  minimum: larger,
  maximum: smaller,
  exclusiveMinimum: larger,
  exclusiveMaximum: smaller,
  required: (a, b) => [...new Set([...(a as unknown[]), ...(b as unknown[])])],
  enum: (a, b) => (a as unknown[]).filter((value) => (b as unknown[]).some((other) => isSame(value, other))),
};

/** Members that are merged together, in `mergeObjects` and `mergeItems`. */
const STRUCTURAL = ['properties', 'additionalProperties', 'items', 'prefixItems', 'additionalItems'];

/**
 * A schema whose values satisfy both schemas; neither has references or alternatives left. False when there are none.
 * @throws RequestError for keywords that cannot be made into one.
 */
export function mergeSchemas(a: JsonObject, b: JsonObject, place: string): JsonObject | false {
  if (a['const'] !== undefined && b['const'] !== undefined && !isSame(a['const'], b['const'])) return false;
  const merged: Record<string, unknown> = { ...a, ...b };
  for (const keyword of Object.keys(a)) {
    if (!Object.hasOwn(b, keyword) || keyword === 'type' || STRUCTURAL.includes(keyword)) continue;
    merged[keyword] = mergeKeyword(keyword, a[keyword], b[keyword], place);
  }
  const kinds = mergeKinds(a, b, place);
  if (kinds !== undefined && kinds.length === 0) return false;
  if (kinds !== undefined) merged['type'] = kinds;
  return { ...merged, ...mergeObjects(a, b), ...mergeItems(a, b, place) };
}

export function isSame(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isObject(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([x], [y]) => (x < y ? -1 : 1)))
      : inner,
  );
}

function mergeKeyword(keyword: string, a: unknown, b: unknown, place: string): unknown {
  const merge = MERGES[keyword];
  const isList = Array.isArray(a) && Array.isArray(b);
  const fits =
    keyword === 'required' || keyword === 'enum' ? isList : typeof a === 'number' && typeof b === 'number';
  if (merge !== undefined && fits) return merge(a, b, place);
  if (isSame(a, b)) return a;
  throw refuseKeyword(keyword, place, 'is given twice with different values, which cannot be made into one');
}

function mergeKinds(a: JsonObject, b: JsonObject, place: string): readonly Kind[] | undefined {
  if (a['type'] === undefined || b['type'] === undefined) return undefined;
  const [ours, theirs] = [kindsOf(a, place), kindsOf(b, place)];
  const common = ours.filter((kind) => theirs.includes(kind));
  const integers = [ours, theirs].some((kinds) => kinds.includes('integer'));
  const numbers = [ours, theirs].every((kinds) => kinds.includes('integer') || kinds.includes('number'));
  return integers && numbers && !common.includes('integer') ? [...common, 'integer'] : common;
}

/** A property that one of both does not name must satisfy what that one says of all others. */
function mergeObjects(a: JsonObject, b: JsonObject): JsonObject {
  const [ours, theirs] = [propertiesOf(a), propertiesOf(b)];
  const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])];
  const others = [a, b]
    .map((schema) => schema['additionalProperties'])
    .filter((schema) => schema !== undefined);
  const of = (schema: JsonObject, properties: JsonObject, name: string): unknown =>
    Object.hasOwn(properties, name) ? properties[name] : (schema['additionalProperties'] ?? true);
  return {
    ...(names.length === 0
      ? {}
      : {
          properties: Object.fromEntries(
            names.map((name) => [name, both([of(a, ours, name), of(b, theirs, name)])]),
          ),
        }),
    ...(others.length === 0 ? {} : { additionalProperties: both(others) }),
  };
}

function propertiesOf(schema: JsonObject): JsonObject {
  const properties = schema['properties'];
  return isObject(properties) ? properties : {};
}

function mergeItems(a: JsonObject, b: JsonObject, place: string): JsonObject {
  const touched = [a, b].map((schema) =>
    ['items', 'prefixItems', 'additionalItems'].some((name) => name in schema),
  );
  if (!touched.every(Boolean)) return {};
  const plain = [a, b].every((schema) => !('prefixItems' in schema) && !Array.isArray(schema['items']));
  if (plain) return { items: both([a['items'], b['items']]) };
  throw refuseKeyword('prefixItems', place, 'cannot be merged with other items');
}

function both(schemas: readonly unknown[]): unknown {
  if (schemas.includes(false)) return false;
  const saying = schemas.filter((schema) => schema !== true);
  return saying.length === 0 ? true : saying.length === 1 ? saying[0] : { allOf: saying };
}
