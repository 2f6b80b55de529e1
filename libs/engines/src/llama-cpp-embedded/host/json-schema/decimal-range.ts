import { EMPTY, NEVER, choice, repeat, sequence, text, type GrammarNode } from './grammar-node.js';
import { DIGIT, digits, naturalRange } from './integer-range.js';

export interface Bound {
  readonly value: number;
  readonly exclusive: boolean;
}

/** A bound that is not negative, digit by digit. */
interface Decimal {
  readonly whole: string;
  readonly fraction: string;
  readonly exclusive: boolean;
}

/** Decimals of at most so many digits are told apart by 64-bit floats. */
const EXACT_DIGITS = 15;

/** Whether a bound can be kept exactly. */
export function isExactBound(value: number): boolean {
  const { whole, fraction } = plain({ value: Math.abs(value), exclusive: false });
  return whole.length + fraction.length <= EXACT_DIGITS;
}

/** Decimal numbers without an exponent between two bounds, either of which may be missing. */
export function decimalRange(least: Bound | undefined, most: Bound | undefined): GrammarNode {
  const negative =
    least === undefined || least.value < 0
      ? sequence(text('-'), fromZero(mirrored(most), mirrored(least)))
      : NEVER;
  const natural = most === undefined || most.value >= 0 ? fromZero(least, most) : NEVER;
  return choice(natural, negative);
}

function mirrored(bound: Bound | undefined): Bound | undefined {
  return bound && { ...bound, value: -bound.value };
}

function fromZero(least: Bound | undefined, most: Bound | undefined): GrammarNode {
  const low: Decimal =
    least === undefined || least.value < 0 ? { whole: '0', fraction: '', exclusive: false } : plain(least);
  const high: Decimal =
    most === undefined ? { whole: '9'.repeat(EXACT_DIGITS), fraction: '', exclusive: false } : plain(most);
  const longest = most === undefined ? low.whole.length : Math.max(low.whole.length, high.whole.length);
  const room = EXACT_DIGITS - longest;
  const [first, last] = [BigInt(low.whole), BigInt(high.whole)];
  if (first > last) return NEVER;
  if (first === last) return sequence(text(low.whole), fraction(low, high, room));
  return choice(
    sequence(text(low.whole), fraction(low, undefined, room)),
    first + 1n > last - 1n
      ? NEVER
      : sequence(naturalRange(first + 1n, last - 1n), fraction(undefined, undefined, room)),
    sequence(text(high.whole), fraction(undefined, high, room)),
  );
}

/** A point and what follows it, or nothing. */
function fraction(low: Decimal | undefined, high: Decimal | undefined, room: number): GrammarNode {
  return choice(mayEnd(low, high) ? EMPTY : NEVER, sequence(text('.'), moreDigits(low, high, room)));
}

/** Whether nothing but zeros may follow. */
function mayEnd(low: Decimal | undefined, high: Decimal | undefined): boolean {
  const aboveLow = low === undefined || (isZero(low) && !low.exclusive);
  return aboveLow && (high === undefined || !isZero(high) || !high.exclusive);
}

function isZero({ fraction: rest }: Decimal): boolean {
  return /^0*$/.test(rest);
}

/** At least one and at most `room` digits of a fraction whose bounds are `fraction` of both. */
function moreDigits(low: Decimal | undefined, high: Decimal | undefined, room: number): GrammarNode {
  if (room === 0) return NEVER;
  if (low !== undefined && low.fraction === '' && !low.exclusive) return moreDigits(undefined, high, room);
  if (low === undefined && high === undefined) return repeat(DIGIT, 1, room);
  const least = low === undefined ? 0 : Number(low.fraction[0] ?? 0);
  const most = high === undefined ? 9 : Number(high.fraction[0] ?? 0);
  if (least > most) return NEVER;
  const then = (nextLow: Decimal | undefined, nextHigh: Decimal | undefined): GrammarNode =>
    choice(mayEnd(nextLow, nextHigh) ? EMPTY : NEVER, moreDigits(nextLow, nextHigh, room - 1));
  const [lowRest, highRest] = [rest(low), rest(high)];
  if (least === most) return sequence(text(String(least)), then(lowRest, highRest));
  const first = low === undefined ? least : least + 1;
  const last = high === undefined ? most : most - 1;
  return choice(
    low === undefined ? NEVER : sequence(text(String(least)), then(lowRest, undefined)),
    sequence(digits(first, last), repeat(DIGIT, 0, room - 1)),
    high === undefined ? NEVER : sequence(text(String(most)), then(undefined, highRest)),
  );
}

function rest(bound: Decimal | undefined): Decimal | undefined {
  return bound && { ...bound, fraction: bound.fraction.slice(1) };
}

/** Without an exponent. */
function plain({ value, exclusive }: Bound): Decimal {
  const [mantissa = '0', exponent = '0'] = String(value).split('e');
  const [whole = '0', fractionDigits = ''] = mantissa.split('.');
  const shift = Number(exponent);
  const all = '0'.repeat(Math.max(0, -shift)) + whole + fractionDigits + '0'.repeat(Math.max(0, shift));
  const point = whole.length + Math.max(0, -shift) + shift;
  return {
    whole: all.slice(0, point).replace(/^0+(?=\d)/, '') || '0',
    fraction: all.slice(point).replace(/0+$/, ''),
    exclusive,
  };
}
