import { characters, choice, text, type CharacterRange, type GrammarNode } from './grammar-node.js';

/** Code points; ranges in order that neither touch nor overlap. */
export type CharacterSet = readonly CharacterRange[];

const LAST = 0x10ffff;

/** Code points that stand in a JSON string as they are. Half surrogate pairs are no characters. */
export const PLAIN_CHARACTERS: CharacterSet = [
  [0x20, 0x21],
  [0x23, 0x5b],
  [0x5d, 0x7e],
  [0x80, 0xd7ff],
  [0xe000, LAST],
];

/** What must be escaped and has a short form. */
const SHORT_ESCAPES: readonly (readonly [number, string])[] = [
  [0x22, '\\"'],
  [0x5c, '\\\\'],
  [0x08, '\\b'],
  [0x09, '\\t'],
  [0x0a, '\\n'],
  [0x0c, '\\f'],
  [0x0d, '\\r'],
];

export function setOf(...ranges: readonly CharacterRange[]): CharacterSet {
  const sorted = ranges.toSorted((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [first, last] of sorted) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

export function complement(set: CharacterSet): CharacterSet {
  const gaps: CharacterRange[] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) gaps.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= LAST) gaps.push([next, LAST]);
  return gaps;
}

function intersect(a: CharacterSet, b: CharacterSet): CharacterSet {
  return complement(setOf(...complement(a), ...complement(b)));
}

function has(set: CharacterSet, codePoint: number): boolean {
  return set.some(([first, last]) => first <= codePoint && codePoint <= last);
}

/** One character of the set as it stands inside a JSON string. Control characters without a short escape are left out. */
export function jsonCharacter(set: CharacterSet): GrammarNode {
  const escapes = SHORT_ESCAPES.filter(([codePoint]) => has(set, codePoint));
  return choice(
    ...[characters(intersect(set, PLAIN_CHARACTERS))].filter((node) => node.kind === 'characters'),
    ...escapes.map(([, escaped]) => text(escaped)),
  );
}
