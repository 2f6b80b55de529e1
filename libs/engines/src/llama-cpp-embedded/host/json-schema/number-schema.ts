import { show, type JsonObject } from '../fields.js';
import { decimalRange, isExactBound, type Bound } from './decimal-range.js';
import type { GrammarBuilder } from './grammar-builder.js';
import { NEVER, choice, optional, repeat, sequence, text, type GrammarNode } from './grammar-node.js';
import { DIGIT, digits, integerRange } from './integer-range.js';
import type { Kind } from './keywords.js';
import { refuseKeyword } from './refuse-schema.js';

/** Formats of OpenAPI that any number of ours satisfies. */
const FREE_FORMATS: readonly unknown[] = ['int64', 'float', 'double', 'decimal'];
const INT32: readonly [Bound, Bound] = [
  { value: -(2 ** 31), exclusive: false },
  { value: 2 ** 31 - 1, exclusive: false },
];

/** Keywords that make a number need digits that can be compared: without an exponent. */
const BOUNDS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'];

interface Bounds {
  readonly least: Bound | undefined;
  readonly most: Bound | undefined;
}

/** A JSON number that satisfies a schema. @throws RequestError */
export function numberNode(
  schema: JsonObject,
  kind: Extract<Kind, 'number' | 'integer'>,
  builder: GrammarBuilder,
  place: string,
): GrammarNode {
  const { least, most } = boundsOf(schema, kind, place);
  if (schema['format'] !== 'int32' && !BOUNDS.some((keyword) => schema[keyword] !== undefined))
    return builder.shared(kind, () => (kind === 'integer' ? anyInteger() : anyNumber()));
  if (kind === 'integer') return boundedInteger(least, most, place);
  if (least !== undefined && most !== undefined && least.value > most.value) return NEVER;
  return decimalRange(least, most);
}

function anyInteger(): GrammarNode {
  return sequence(optional(text('-')), wholeDigits());
}

function anyNumber(): GrammarNode {
  const exponent = sequence(
    choice(text('e'), text('E')),
    optional(choice(text('-'), text('+'))),
    // More would not fit a 64-bit float.
    choice(sequence(optional(digits(1, 2)), DIGIT)),
  );
  return sequence(
    optional(text('-')),
    wholeDigits(),
    optional(sequence(text('.'), repeat(DIGIT, 1, 16))),
    optional(exponent),
  );
}

function wholeDigits(): GrammarNode {
  return choice(text('0'), sequence(digits(1, 9), repeat(DIGIT, 0, 15)));
}

function boundedInteger(least: Bound | undefined, most: Bound | undefined, place: string): GrammarNode {
  const low =
    least === undefined ? -Infinity : least.exclusive ? Math.floor(least.value) + 1 : Math.ceil(least.value);
  const high =
    most === undefined ? Infinity : most.exclusive ? Math.ceil(most.value) - 1 : Math.floor(most.value);
  if (low > high) return NEVER;
  if (low > Number.MAX_SAFE_INTEGER) throw tooLarge('minimum', place);
  if (high < Number.MIN_SAFE_INTEGER) throw tooLarge('maximum', place);
  const first = Math.max(low, Number.MIN_SAFE_INTEGER);
  const last = Math.min(high, Number.MAX_SAFE_INTEGER);
  return integerRange(BigInt(first), BigInt(last));
}

function boundsOf(schema: JsonObject, kind: Kind, place: string): Bounds {
  const lows = [bound(schema, 'minimum', false, place), bound(schema, 'exclusiveMinimum', true, place)];
  const highs = [bound(schema, 'maximum', false, place), bound(schema, 'exclusiveMaximum', true, place)];
  const { format } = schema;
  if (format === 'int32') {
    lows.push(INT32[0]);
    highs.push(INT32[1]);
  } else if (format !== undefined && !FREE_FORMATS.includes(format)) {
    throw refuseKeyword('format', place, `is ${show(format)}, which is no format of a number that is known`);
  }
  const bounds = { least: tightest(lows, 1), most: tightest(highs, -1) };
  if (kind === 'integer') return bounds;
  return {
    least: kept(bounds.least, 'minimum', -1, place),
    most: kept(bounds.most, 'maximum', 1, place),
  };
}

/** A bound that no number of ours reaches is none; one with more digits than a float tells apart cannot be kept. */
function kept(value: Bound | undefined, keyword: string, outward: 1 | -1, place: string): Bound | undefined {
  if (value === undefined || isExactBound(value.value)) return value;
  if (value.value * outward >= 1e15) return undefined;
  throw tooLarge(keyword, place);
}

function tooLarge(keyword: string, place: string): Error {
  return refuseKeyword(keyword, place, 'has more digits than can be kept exactly');
}

function bound(schema: JsonObject, keyword: string, exclusive: boolean, place: string): Bound | undefined {
  const value = schema[keyword];
  // In older drafts these say how `minimum` and `maximum` are meant.
  if (value === undefined || (exclusive && typeof value === 'boolean')) return undefined;
  if (typeof value !== 'number')
    throw refuseKeyword(keyword, place, `must be a number, but is ${show(value)}`);
  const flag = { minimum: 'exclusiveMinimum', maximum: 'exclusiveMaximum' }[keyword];
  return { value, exclusive: exclusive || (flag !== undefined && schema[flag] === true) };
}

/** Of bounds of one side, the one that leaves least. */
function tightest(bounds: readonly (Bound | undefined)[], sign: 1 | -1): Bound | undefined {
  return bounds.reduce((best, next) => {
    if (best === undefined || next === undefined) return next ?? best;
    if (best.value === next.value) return next.exclusive ? next : best;
    return (next.value - best.value) * sign > 0 ? next : best;
  }, undefined);
}
