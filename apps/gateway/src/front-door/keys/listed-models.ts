import type { ModelPatterns } from './model-patterns.js';

/** Members of an answer that hold its list, where it is not itself one. */
const LISTS = ['data', 'models'];

/** Members of an entry that name its model. */
const NAMES = ['tags', 'id', 'name', 'model', 'model_name'];

/** An answer that lists models, without those that a key may not name. Entries that name none are left out. */
export function onlyAllowed(payload: unknown, patterns: ModelPatterns): unknown {
  if (Array.isArray(payload)) return payload.filter((entry) => isAllowed(entry, patterns));
  if (!isObject(payload)) return payload;
  const lists = LISTS.filter((member) => Array.isArray(payload[member]));
  return {
    ...payload,
    ...Object.fromEntries(lists.map((member) => [member, onlyAllowed(payload[member], patterns)])),
  };
}

function isAllowed(entry: unknown, patterns: ModelPatterns): boolean {
  if (!isObject(entry)) return false;
  const names = NAMES.flatMap((member) => entry[member]);
  return names.some((name) => typeof name === 'string' && patterns.allowsName(name));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
