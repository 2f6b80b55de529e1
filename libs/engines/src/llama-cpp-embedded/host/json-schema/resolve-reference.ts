import { isObject, show } from '../fields.js';
import { refuseKeyword } from './refuse-schema.js';

export interface Resolved {
  /** Such as `#/$defs/node`. */
  readonly pointer: string;
  readonly schema: unknown;
}

/** Follows a reference inside one schema. @throws RequestError for one that leads out of it, or nowhere. */
export function resolveReference(root: unknown, reference: unknown, place: string): Resolved {
  if (typeof reference !== 'string')
    throw refuseKeyword('$ref', place, `must be a string, but is ${show(reference)}`);
  if (!/^#(?:\/|$)/.test(reference))
    throw refuseKeyword(
      '$ref',
      place,
      `is ${show(reference)}; only references such as "#/$defs/name" are followed`,
    );
  let schema: unknown = root;
  for (const part of reference.split('/').slice(1)) {
    const name = decode(part).replaceAll('~1', '/').replaceAll('~0', '~');
    const inner = childOf(schema, name);
    if (inner === undefined) throw refuseKeyword('$ref', place, `is ${show(reference)}, which is not there`);
    schema = inner;
  }
  return { pointer: reference, schema };
}

function childOf(schema: unknown, name: string): unknown {
  if (Array.isArray(schema)) return /^\d{1,9}$/.test(name) ? (schema as unknown[])[Number(name)] : undefined;
  return isObject(schema) && Object.hasOwn(schema, name) ? schema[name] : undefined;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
