import { isListOf, isObject, isString, type JsonObject } from '../fields.js';
import { kindsOf } from './keywords.js';
import { isSame } from './merge-schemas.js';

/** Whether it is plain to see that no value satisfies both; neither schema has references or alternatives left. */
export function areDisjoint(a: JsonObject, b: JsonObject, place: string): boolean {
  const [ours, theirs] = [valuesOf(a), valuesOf(b)];
  if (ours !== undefined && theirs !== undefined)
    return !ours.some((value) => theirs.some((other) => isSame(value, other)));
  const [kinds, others] = [a, b].map((schema) =>
    kindsOf(schema, place).map((kind) => (kind === 'integer' ? 'number' : kind)),
  );
  const common = (kinds ?? []).filter((kind) => others?.includes(kind));
  if (common.length === 0) return true;
  if (common.some((kind) => kind !== 'object')) return false;
  return toldByProperty(a, b) || needsUnknown(a, b) || needsUnknown(b, a);
}

function valuesOf(schema: unknown): readonly unknown[] | undefined {
  if (!isObject(schema)) return undefined;
  if (schema['const'] !== undefined) return [schema['const']];
  return Array.isArray(schema['enum']) ? schema['enum'] : undefined;
}

/** A property that both need, with values that they do not share. */
function toldByProperty(a: JsonObject, b: JsonObject): boolean {
  const [ours, theirs] = [propertiesOf(a), propertiesOf(b)];
  return requiredOf(a).some((name) => {
    if (!requiredOf(b).includes(name)) return false;
    const [values, others] = [valuesOf(ours[name]), valuesOf(theirs[name])];
    return (
      values !== undefined &&
      others !== undefined &&
      !values.some((value) => others.some((other) => isSame(value, other)))
    );
  });
}

/** A property that one needs and the other bars. */
function needsUnknown(a: JsonObject, b: JsonObject): boolean {
  const known = propertiesOf(b);
  const barsOthers = b['additionalProperties'] === false;
  return requiredOf(a).some((name) => (Object.hasOwn(known, name) ? known[name] === false : barsOthers));
}

function requiredOf(schema: JsonObject): readonly string[] {
  const required = schema['required'];
  return isListOf(required, isString) ? required : [];
}

function propertiesOf(schema: JsonObject): JsonObject {
  const properties = schema['properties'];
  return isObject(properties) ? properties : {};
}
