import { LongshoreError } from '#contracts';
import type { Schema } from '../openapi/schema.js';

/**
 * What becomes of one member of a request. `read`: the gateway does something with it, and passes it on too. `passed`: it
 * goes to the engine, which honours it, refuses it, or is not harmed by ignoring it. `refused`: engines would ignore it
 * without a word and answer something else than was asked for, so the gateway says so.
 */
export type RequestField = PassedField | RefusedField;

interface PassedField {
  readonly standing: 'read' | 'passed';
  readonly schema: Schema;
}

interface RefusedField {
  readonly standing: 'refused';
  /** Of the values that ask for nothing, which are passed; null always is. */
  readonly schema?: Schema;
  readonly asksForNothing?: (value: unknown, body: Readonly<Record<string, unknown>>) => boolean;
  /** A sentence for the caller. */
  readonly why: string;
}

export type RequestFields = Readonly<Record<string, RequestField>>;

export const passed = (schema: Schema): RequestField => ({ standing: 'passed', schema });
export const read = (schema: Schema): RequestField => ({ standing: 'read', schema });

/** @throws LongshoreError that names the first member which asks for something no engine of the cluster does */
export function refuseFields(body: Readonly<Record<string, unknown>>, fields: RequestFields): void {
  for (const [name, field] of Object.entries(fields)) {
    if (field.standing !== 'refused') continue;
    const value = Object.hasOwn(body, name) ? body[name] : undefined;
    if (value === undefined || value === null || field.asksForNothing?.(value, body)) continue;
    throw new LongshoreError('invalid_request', `"${name}" is not supported: ${field.why}`, name);
  }
}

/** The schema of a body of these members; it may have others, which go to the engine. */
export function schemaOfFields(fields: RequestFields, required: readonly string[]): Schema {
  const properties = Object.entries(fields).map(([name, field]) => [
    name,
    schemaOfField(name, field, required),
  ]);
  return { type: 'object', required, properties: Object.fromEntries(properties) as Schema };
}

function schemaOfField(name: string, field: RequestField, required: readonly string[]): Schema {
  if (field.standing === 'refused') {
    const description = `Not supported: ${field.why}`;
    const none = { type: 'null' };
    return field.schema ? { anyOf: [field.schema, none], description } : { ...none, description };
  }
  return required.includes(name) ? field.schema : { anyOf: [field.schema, { type: 'null' }] };
}
