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
  const kept = lists.map((member) => [member, onlyAllowed(payload[member], patterns)] as const);
  return { ...payload, ...Object.fromEntries(kept), ...boundsOf(payload, kept[0]?.[1]) };
}

/** Where an answer says which entries are its first and last, those that are left. */
function boundsOf(payload: Readonly<Record<string, unknown>>, kept: unknown): object {
  if (!('first_id' in payload) || !Array.isArray(kept)) return {};
  const idOf = (entry: unknown): unknown => (isObject(entry) ? entry['id'] : null);
  return { first_id: idOf(kept[0]), last_id: idOf(kept.at(-1)) };
}

function isAllowed(entry: unknown, patterns: ModelPatterns): boolean {
  if (!isObject(entry)) return false;
  const names = NAMES.flatMap((member) => entry[member]);
  return names.some((name) => typeof name === 'string' && patterns.allowsName(name));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
