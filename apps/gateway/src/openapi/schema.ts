/** A JSON schema as OpenAPI 3.1 takes it (JSON Schema 2020-12). */
export type Schema = { readonly [keyword: string]: unknown };

/** Name under which a schema stands among the components of the document. */
const NAME = Symbol('schema name');

/** Gives a schema a name: wherever it is used, the document refers to it. One name means one schema. */
export function named(name: string, schema: Schema): Schema {
  return { ...schema, [NAME]: name };
}

export function nameOf(schema: object): string | undefined {
  return (schema as { readonly [NAME]?: string })[NAME];
}

export const TEXT: Schema = { type: 'string' };
export const FLAG: Schema = { type: 'boolean' };
export const NUMBER: Schema = { type: 'number' };
export const COUNT: Schema = { type: 'integer', minimum: 0 };
/** Any JSON value. */
export const ANYTHING: Schema = {};

/**
 * A stream of server-sent events. It has no type, because some tools take the schema for that of the whole text and some
 * for that of each event.
 */
export function eventsOf(description: string): Schema {
  return { description };
}

export function listOf(items: Schema): Schema {
  return { type: 'array', items };
}

/** An object that may have more members than are known here. */
export function objectOf(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema {
  return { type: 'object', properties, ...(required.length > 0 && { required }) };
}

export function nullable(schema: Schema): Schema {
  return { anyOf: [schema, { type: 'null' }] };
}

export function oneWordOf(...words: readonly string[]): Schema {
  return { type: 'string', enum: words };
}
