import 'reflect-metadata';
import { parseBoolean, parseNumber } from './units.js';
import type { ForeignVariableName, VariableName } from './variables.js';

export interface VariableField {
  readonly name: VariableName | ForeignVariableName;
  readonly property: string;
  readonly parse: (text: string) => unknown;
}

const FIELDS = Symbol('longshore:config-fields');

/**
 * Reads a configuration field from an environment variable, or from the file that `NAME_FILE` names. Numbers and
 * booleans are recognised by the field's declared type; anything else needs `parse`.
 */
export function Variable(
  name: VariableName | ForeignVariableName,
  parse?: (text: string) => unknown,
): PropertyDecorator {
  return (target, property) => {
    const type: unknown = Reflect.getMetadata('design:type', target, property);
    const fields = [
      ...fieldsOf(target.constructor),
      { name, property: String(property), parse: parse ?? parserFor(type) },
    ];
    Reflect.defineMetadata(FIELDS, fields, target.constructor);
  };
}

export function fieldsOf(config: object): readonly VariableField[] {
  return (Reflect.getMetadata(FIELDS, config) as VariableField[] | undefined) ?? [];
}

function parserFor(type: unknown): (text: string) => unknown {
  if (type === Number) return parseNumber;
  if (type === Boolean) return parseBoolean;
  return (text) => text;
}
