import type { JsonObject } from '../fields.js';
import { PLAIN_CHARACTERS } from './character-set.js';
import type { GrammarBuilder } from './grammar-builder.js';
import {
  EMPTY,
  NEVER,
  characters,
  choice,
  repeat,
  sequence,
  text,
  type GrammarNode,
} from './grammar-node.js';
import { readCountKeyword } from './keywords.js';
import { PatternError, readPattern, type TextShape } from './pattern.js';
import { refuseKeyword } from './refuse-schema.js';
import { FREE_FORMATS, STRING_FORMATS } from './string-formats.js';

const HEX = characters([
  [0x30, 0x39],
  [0x41, 0x46],
  [0x61, 0x66],
]);

/** A JSON string that satisfies a schema. @throws RequestError */
export function stringNode(schema: JsonObject, builder: GrammarBuilder, place: string): GrammarNode {
  const least = readCountKeyword(schema, 'minLength', place) ?? 0;
  const most = readCountKeyword(schema, 'maxLength', place);
  if (most !== undefined && most < least) return NEVER;
  const shape = shapeOf(schema, builder, place);
  if (shape === undefined) return quoted(anyText(builder, { least, most, place }));
  if (most !== undefined && most < shape.least) return NEVER;
  const keyword = shape.most > (most ?? Number.POSITIVE_INFINITY) ? 'maxLength' : 'minLength';
  if (keyword === 'maxLength' || least > shape.least)
    throw refuseKeyword(
      keyword,
      place,
      'cannot be kept beside the pattern or format, which allows other lengths',
    );
  return quoted(shape.node);
}

export function quoted(inner: GrammarNode): GrammarNode {
  return sequence(text('"'), inner, text('"'));
}

interface Lengths {
  readonly least: number;
  readonly most: number | undefined;
  readonly place: string;
}

function anyText(builder: GrammarBuilder, { least, most, place }: Lengths): GrammarNode {
  return builder.repeat(anyCharacter(builder), least, most, place);
}

/** One character, escaped or not. Halves of surrogate pairs are left out: each would count as a character. */
function anyCharacter(builder: GrammarBuilder): GrammarNode {
  return builder.shared('character', () => {
    const escapes = ['"', '\\', 'b', 'f', 'n', 'r', 't'].map((letter) => letter.codePointAt(0) ?? 0);
    const below = characters([
      [0x30, 0x39],
      [0x41, 0x43],
      [0x45, 0x46],
      [0x61, 0x63],
      [0x65, 0x66],
    ]);
    const surrogate = characters([
      [0x44, 0x44],
      [0x64, 0x64],
    ]);
    const lowHalf = characters([[0x30, 0x37]]);
    const code = choice(sequence(below, repeat(HEX, 3, 3)), sequence(surrogate, lowHalf, repeat(HEX, 2, 2)));
    return choice(
      jsonPlainCharacter(),
      sequence(
        text('\\'),
        choice(characters(escapes.map((code) => [code, code])), sequence(text('u'), code)),
      ),
    );
  });
}

function jsonPlainCharacter(): GrammarNode {
  return characters(PLAIN_CHARACTERS);
}

/** What a pattern or a format allows; undefined when there is neither. */
function shapeOf(schema: JsonObject, builder: GrammarBuilder, place: string): TextShape | undefined {
  const { pattern, format } = schema;
  const isFree = format === undefined || FREE_FORMATS.includes(format);
  if (pattern !== undefined && !isFree)
    throw refuseKeyword('format', place, 'cannot be kept beside a pattern');
  if (pattern !== undefined) {
    if (typeof pattern !== 'string' || !isRegularExpression(pattern))
      throw refuseKeyword('pattern', place, 'is no regular expression');
    return read(pattern, 'pattern', builder, place);
  }
  if (isFree) return undefined;
  const expression =
    typeof format === 'string' && Object.hasOwn(STRING_FORMATS, format) ? STRING_FORMATS[format] : undefined;
  if (expression === undefined) {
    const known = [...Object.keys(STRING_FORMATS), ...FREE_FORMATS].join(', ');
    throw refuseKeyword('format', place, `is ${JSON.stringify(format)}; supported are ${known}`);
  }
  return read(`^(?:${expression})$`, 'format', builder, place);
}

function read(pattern: string, keyword: string, builder: GrammarBuilder, place: string): TextShape {
  try {
    return readPattern(pattern, builder, place);
  } catch (error) {
    if (error instanceof PatternError)
      throw refuseKeyword(keyword, place, `cannot be kept: it ${error.message}`);
    throw error;
  }
}

function isRegularExpression(pattern: string): boolean {
  return ['u', ''].some((flags) => {
    try {
      return new RegExp(pattern, flags) instanceof RegExp;
    } catch {
      return false;
    }
  });
}

/** A key of an object that is none of `names`. Keys hold no escapes, so each has one spelling only. */
export function otherKey(names: readonly string[], builder: GrammarBuilder): GrammarNode {
  if (names.length === 0)
    return builder.shared('key', () => quoted(repeat(anyCharacter(builder), 0, undefined)));
  const spelled = names.filter((name) => JSON.stringify(name) === `"${name}"`);
  return builder.own(
    quoted(
      otherThan(
        spelled.map((name) => Array.from(name)),
        builder,
      ),
    ),
  );
}

function otherThan(names: readonly (readonly string[])[], builder: GrammarBuilder): GrammarNode {
  const anything = builder.shared('plain-text', () => repeat(jsonPlainCharacter(), 0, undefined));
  if (names.length === 0) return anything;
  const taken = new Map<string, (readonly string[])[]>();
  for (const [first, ...rest] of names)
    if (first !== undefined) taken.set(first, [...(taken.get(first) ?? []), rest]);
  const points = [...taken.keys()].map((first) => first.codePointAt(0) ?? 0);
  const mayEnd = names.every((name) => name.length > 0);
  return builder.own(
    choice(
      mayEnd ? EMPTY : NEVER,
      sequence(others(points), anything),
      ...[...taken].map(([first, rest]) => sequence(text(first), otherThan(rest, builder))),
    ),
  );
}

function others(points: readonly number[]): GrammarNode {
  const sorted = points.toSorted((a, b) => a - b);
  return characters(
    PLAIN_CHARACTERS.flatMap(([first, last]) => {
      const inside = sorted.filter((point) => first <= point && point <= last);
      const starts = [first, ...inside.map((point) => point + 1)];
      const ends = [...inside.map((point) => point - 1), last];
      return starts.flatMap((start, index) => {
        const end = ends[index] ?? last;
        return start <= end ? [[start, end] as const] : [];
      });
    }),
  );
}
