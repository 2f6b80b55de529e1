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

const ZERO = 48;

/** One digit from a to b. */
export function digits(first: number, last: number): GrammarNode {
  return first > last ? NEVER : characters([[ZERO + first, ZERO + last]]);
}

export const DIGIT = digits(0, 9);

/** Whole numbers from `least` to `most`, both included, as JSON writes them. */
export function integerRange(least: bigint, most: bigint): GrammarNode {
  if (least > most) return NEVER;
  const negative = least < 0n ? naturalRange(most < 0n ? -most : 1n, -least) : NEVER;
  const natural = most >= 0n ? naturalRange(least > 0n ? least : 0n, most) : NEVER;
  return choice(natural, sequence(text('-'), negative));
}

/** From 0 up; the bounds are not negative. */
export function naturalRange(least: bigint, most: bigint): GrammarNode {
  const options: GrammarNode[] = [];
  let start = least;
  while (start <= most) {
    const length = String(start).length;
    const longest = 10n ** BigInt(length) - 1n;
    const end = longest < most ? longest : most;
    options.push(sameLength(String(start), String(end)));
    start = end + 1n;
  }
  return choice(...options);
}

function sameLength(least: string, most: string): GrammarNode {
  if (least === '') return EMPTY;
  if (/^0+$/.test(least) && /^9+$/.test(most)) return repeat(DIGIT, least.length, least.length);
  const [low, high] = [Number(least[0]), Number(most[0])];
  const [lowRest, highRest] = [least.slice(1), most.slice(1)];
  if (low === high) return sequence(text(String(low)), sameLength(lowRest, highRest));
  const zeros = '0'.repeat(lowRest.length);
  const nines = '9'.repeat(lowRest.length);
  const first = lowRest === zeros ? low : low + 1;
  const last = highRest === nines ? high : high - 1;
  return choice(
    first > low ? sequence(text(String(low)), sameLength(lowRest, nines)) : NEVER,
    first > last ? NEVER : sequence(digits(first, last), repeat(DIGIT, zeros.length, zeros.length)),
    last < high ? sequence(text(String(high)), sameLength(zeros, highRest)) : NEVER,
  );
}
