import { complement, setOf, type CharacterSet } from './character-set.js';

/** What a character class or an escape of a pattern stands for; undefined for what is no character. */
export interface ReadCharacters {
  readonly set: CharacterSet;
  /** Position after it. */
  readonly end: number;
}

const DIGITS = setOf([0x30, 0x39]);
const WORD = setOf([0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]);
const WHITE = setOf(
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
);
const LINE_ENDS = setOf([0x0a, 0x0a], [0x0d, 0x0d], [0x2028, 0x2029]);

export const ANY_BUT_LINE_ENDS = complement(LINE_ENDS);

const CLASSES: Readonly<Record<string, CharacterSet>> = {
  d: DIGITS,
  D: complement(DIGITS),
  w: WORD,
  W: complement(WORD),
  s: WHITE,
  S: complement(WHITE),
};

const CONTROLS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, 0: 0 };

export function only(codePoint: number): CharacterSet {
  return [[codePoint, codePoint]];
}

/** Reads what follows a backslash at `start - 1`. Undefined for back-references, boundaries and the like. */
export function readEscape(pattern: string, start: number): ReadCharacters | undefined {
  const character = pattern[start] ?? '';
  const named = CLASSES[character];
  if (named !== undefined) return { set: named, end: start + 1 };
  const control = CONTROLS[character];
  if (control !== undefined) return { set: only(control), end: start + 1 };
  const hex = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\})/.exec(
    pattern.slice(start, start + 10),
  );
  if (hex !== null) {
    const codePoint = Number.parseInt(hex[1] ?? hex[2] ?? hex[3] ?? '', 16);
    return { set: only(codePoint), end: start + hex[0].length };
  }
  if (/[A-Za-z1-9]/.test(character) || character === '') return undefined;
  return { set: only(character.codePointAt(0) ?? 0), end: start + 1 };
}

/** Reads a class whose `[` stands at `start - 1`. Undefined for what it does not know. */
export function readClass(pattern: string, start: number): ReadCharacters | undefined {
  const negated = pattern[start] === '^';
  let at = negated ? start + 1 : start;
  const sets: CharacterSet[] = [];
  while (pattern[at] !== ']') {
    const first = readMember(pattern, at);
    if (first === undefined) return undefined;
    at = first.end;
    const low = single(first.set);
    if (pattern[at] !== '-' || pattern[at + 1] === ']' || low === undefined) {
      sets.push(first.set);
      continue;
    }
    const last = readMember(pattern, at + 1);
    const high = last && single(last.set);
    if (last === undefined || high === undefined || high < low) return undefined;
    sets.push([[low, high]]);
    at = last.end;
  }
  const set = setOf(...sets.flat());
  return { set: negated ? complement(set) : set, end: at + 1 };
}

function readMember(pattern: string, at: number): ReadCharacters | undefined {
  if (at >= pattern.length) return undefined;
  // Inside a class, \b is a backspace.
  if (pattern.startsWith('\\b', at)) return { set: only(8), end: at + 2 };
  if (pattern[at] === '\\') return readEscape(pattern, at + 1);
  const codePoint = pattern.codePointAt(at) ?? 0;
  return { set: only(codePoint), end: at + String.fromCodePoint(codePoint).length };
}

function single(set: CharacterSet): number | undefined {
  const [range] = set;
  return set.length === 1 && range !== undefined && range[0] === range[1] ? range[0] : undefined;
}
