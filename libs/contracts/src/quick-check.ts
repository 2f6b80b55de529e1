import type { ClassConstructor } from 'class-transformer';
import { getMetadataStorage } from 'class-validator';

/** Makes an instance of data that keeps to all rules; undefined means that the data has to be looked at in full. */
export type QuickCheck<T> = (data: object) => T | undefined;

type Rule = (value: unknown) => boolean;

interface Member {
  readonly name: string;
  readonly rules: Rule[];
  optional: boolean;
}

/** What a decorator with these arguments asks of a value; undefined for arguments that are not known here. */
const RULES: Readonly<Record<string, (argument: unknown) => Rule | undefined>> = {
  isString: () => (value) => typeof value === 'string',
  isBoolean: () => (value) => typeof value === 'boolean',
  isInt: () => (value) => Number.isInteger(value),
  isPositive: () => (value) => typeof value === 'number' && value > 0,
  isNotEmpty: () => (value) => value !== '' && value !== undefined,
  min: (least) =>
    typeof least === 'number' ? (value) => typeof value === 'number' && value >= least : undefined,
  max: (most) =>
    typeof most === 'number' ? (value) => typeof value === 'number' && value <= most : undefined,
  isIn: (choices) => (Array.isArray(choices) ? (value) => choices.includes(value) : undefined),
  matches: (pattern) =>
    pattern instanceof RegExp && !pattern.global && !pattern.sticky
      ? (value) => typeof value === 'string' && pattern.test(value)
      : undefined,
};

const OPTIONAL = 'isOptional';

const CHECKS = new WeakMap<ClassConstructor<object>, QuickCheck<object> | undefined>();

/**
 * The quick check of a contract, made of its decorators when it is first asked for, because the full one is a large part
 * of what a short request costs. It accepts nothing that the full one refuses, and makes the same instance.
 * @returns undefined for a contract that has rules which are not known here, or members that are more than one value
 */
export function quickCheckOf<T extends object>(contract: ClassConstructor<T>): QuickCheck<T> | undefined {
  if (!CHECKS.has(contract)) CHECKS.set(contract, compile(contract));
  return CHECKS.get(contract) as QuickCheck<T> | undefined;
}

function compile<T extends object>(contract: ClassConstructor<T>): QuickCheck<T> | undefined {
  const members = membersOf(contract);
  if (members === undefined) return undefined;
  return (data) => {
    if (Object.getPrototypeOf(data) !== Object.prototype) return undefined;
    const values = data as Readonly<Record<string, unknown>>;
    const instance = new contract();
    const made = instance as Record<string, unknown>;
    for (const { name, optional, rules } of members) {
      if (!Object.hasOwn(values, name)) {
        if (optional) continue;
        return undefined;
      }
      const value = values[name];
      // What is more than one value is copied by the full check, and null may stand for what is left out.
      if (typeof value === 'object' || typeof value === 'function') return undefined;
      for (const keepsTo of rules) if (!keepsTo(value)) return undefined;
      made[name] = value;
    }
    return instance;
  };
}

function membersOf(contract: ClassConstructor<object>): readonly Member[] | undefined {
  const members = new Map<string, Member>();
  for (const rule of getMetadataStorage().getTargetValidationMetadatas(contract, '', false, false)) {
    const { name: kind = '', propertyName: name, constraints, each, groups, validateIf } = rule;
    // Types to the contrary, these are undefined where a decorator was given some other option.
    if (each || (groups ?? []).length > 0 || validateIf !== undefined) return undefined;
    const member = members.get(name) ?? { name, rules: [], optional: false };
    members.set(name, member);
    if (kind === OPTIONAL) {
      member.optional = true;
      continue;
    }
    const keepsTo = RULES[kind]?.(constraints?.[0]);
    if (keepsTo === undefined) return undefined;
    member.rules.push(keepsTo);
  }
  return members.size === 0 ? undefined : [...members.values()];
}
