import { isObject } from '../request-body.js';
import type { Members } from './streamed-event.js';

/** A part of a choice that says something. Numbers, booleans and nulls do not: they go with what stands beside them. */
export type Leaf =
  /** Grows from event to event. */
  | { readonly kind: 'text'; readonly text: string }
  /** Grows by elements, one for each token. */
  | { readonly kind: 'list'; readonly items: readonly unknown[] }
  /** Said once. */
  | { readonly kind: 'word'; readonly word: string };

const WORDS = new Set(['role', 'id', 'type', 'finish_reason']);

export function indexOf(members: Members): number {
  return typeof members['index'] === 'number' ? members['index'] : 0;
}

/** Elements that say by themselves which they are, such as tool calls, come in pieces. */
export function isIndexed(items: readonly unknown[]): items is Members[] {
  return items.length > 0 && items.every((item) => isObject(item) && typeof item['index'] === 'number');
}

export function pathTo(path: string, member: string | number): string {
  return path === '' ? String(member) : `${path}/${member}`;
}

/** What a text or a list is, at a path; undefined for what says nothing. */
export function leafOf(path: string, value: unknown): Leaf | undefined {
  if (typeof value === 'string') {
    if (value === '') return undefined;
    const name = path.slice(path.lastIndexOf('/') + 1);
    return WORDS.has(name) ? { kind: 'word', word: value } : { kind: 'text', text: value };
  }
  return Array.isArray(value) && value.length > 0 ? { kind: 'list', items: value } : undefined;
}

/** All that a choice says, with where it stands: `delta/tool_calls/1/function/arguments`. */
export function leavesOf(value: unknown, path = ''): [string, Leaf][] {
  if (Array.isArray(value) && isIndexed(value)) {
    return value.flatMap((item) => leavesOf(item, pathTo(path, indexOf(item))));
  }
  if (isObject(value)) {
    return Object.entries(value).flatMap(([name, member]) => leavesOf(member, pathTo(path, name)));
  }
  const leaf = leafOf(path, value);
  return leaf === undefined ? [] : [[path, leaf]];
}
