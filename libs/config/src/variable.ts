import 'reflect-metadata';
import { parseBoolean, parseNumber } from './units.js';
import type { ForeignVariableName, VariableName } from './variables.js';

export interface VariableField {
  readonly name: VariableName | ForeignVariableName;
  readonly property: string;
  readonly parse: ((text: string) => unknown) | undefined;
}

const FIELDS = Symbol('longshore:config-fields');

/**
 * Reads a configuration field from an environment variable, or from the file that `NAME_FILE` names. Text becomes
 * what the field's default is (number, boolean or string) unless `parse` is given.
 */
export function Variable(
  name: VariableName | ForeignVariableName,
  parse?: (text: string) => unknown,
): PropertyDecorator {
  return (target, property) => {
    const fields = [...fieldsOf(target.constructor), { name, property: String(property), parse }];
    Reflect.defineMetadata(FIELDS, fields, target.constructor);
  };
}

export function fieldsOf(config: object): readonly VariableField[] {
  return (Reflect.getMetadata(FIELDS, config) as VariableField[] | undefined) ?? [];
}

export function parserFor(defaultValue: unknown): (text: string) => unknown {
  if (typeof defaultValue === 'number') return parseNumber;
  if (typeof defaultValue === 'boolean') return parseBoolean;
  return (text) => text;
}

/** The variables a configuration class reads, each with its default. */
export function variableDefaults(Config: new () => object): Readonly<Record<string, unknown>> {
  const values = new Config() as Record<string, unknown>;
  return Object.fromEntries(fieldsOf(Config).map(({ name, property }) => [name, values[property]]));
}
