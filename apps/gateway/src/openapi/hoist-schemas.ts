import { nameOf, type Schema } from './schema.js';

/** Puts a reference in place of every named schema. @param components gets the named schemas, by name */
export function hoistSchemas(value: unknown, components: Map<string, Schema>): unknown {
  if (Array.isArray(value)) return value.map((item) => hoistSchemas(item, components));
  if (typeof value !== 'object' || value === null) return value;
  const name = nameOf(value);
  if (name === undefined) return hoistMembers(value, components);
  if (!components.has(name)) {
    components.set(name, {});
    components.set(name, hoistMembers(value, components));
  }
  return { $ref: `#/components/schemas/${name}` };
}

function hoistMembers(value: object, components: Map<string, Schema>): Schema {
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, hoistSchemas(member, components)]),
  );
}
