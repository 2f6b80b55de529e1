/** What may stand behind a flag. */
export interface FlagValue {
  readonly holds: (text: string) => boolean;
  /** Completes the sentence "… takes". */
  readonly words: string;
  /** Whether some versions of the engine take the flag by itself. */
  readonly optional?: boolean;
}

const SMALLEST_INT = -(2 ** 31);
const LARGEST_INT = 2 ** 31 - 1;
const LARGEST_FLOAT = 3.402_823_466_385_288_6e38;
const LARGEST_LONG = 2n ** 64n - 1n;

/** A number as C reads it: blanks in front and whatever stands behind it do not count. */
const DIGITS = /^\s*([+-]?\d+)/;
const ENDLESS = /^\s*[+-]?(?:inf|nan)/i;

/** A whole number of 32 bits. */
export function integer(from = SMALLEST_INT, to = LARGEST_INT): FlagValue {
  return {
    holds: (text) => {
      const value = Number(DIGITS.exec(text)?.[1] ?? NaN);
      return value >= from && value <= to;
    },
    words: `a whole number from ${from} to ${to}`,
  };
}

/** A whole number of 64 bits; one below 0 counts down from the largest. */
export const LONG: FlagValue = {
  holds: (text) => {
    const digits = DIGITS.exec(text)?.[1]?.replace(/^[+-]/, '');
    return digits !== undefined && BigInt(digits) <= LARGEST_LONG;
  },
  words: `a whole number from -1 to ${LARGEST_LONG}`,
};

/** A number with or without a fraction, of single precision; also one without end. */
export const DECIMAL: FlagValue = {
  holds: (text) => ENDLESS.test(text) || isFloat(Number.parseFloat(text)),
  words: 'a number',
};

export const FINITE: FlagValue = {
  holds: (text) => isFloat(Number.parseFloat(text)),
  words: 'a finite number',
};

export const FINITE_ABOVE_ZERO: FlagValue = {
  holds: (text) => FINITE.holds(text) && Number.parseFloat(text) > 0,
  words: 'a finite number above 0',
};

function isFloat(value: number): boolean {
  return Math.abs(value) <= LARGEST_FLOAT;
}

/** One of some words. `also` are other spellings of them, which nobody needs to be told. */
export function choice(words: readonly string[], also: readonly string[] = []): FlagValue {
  return {
    holds: (text) => words.includes(text) || also.includes(text),
    words: `one of ${words.join(', ')}`,
  };
}

/** What either of two takes. */
export function either(
  one: FlagValue,
  other: FlagValue,
  words = `${one.words}, or ${other.words}`,
): FlagValue {
  return { holds: (text) => one.holds(text) || other.holds(text), words };
}
