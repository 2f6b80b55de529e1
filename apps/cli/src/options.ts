import { InvalidArgumentError } from 'commander';
import { parseGoDuration } from './output/go-duration.js';

/** Readers of option values; what they throw is told as wrong usage, with the option and the value. */

export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`It must be a whole number ${range}.`);
  };
}

export function decimal(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`);
  };
}

/** `30s`, `2m`, `1h30m` in ms. */
export function duration(text: string): number {
  const ms = parseGoDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new InvalidArgumentError('It must be a duration such as 30s, 2m or 1h30m.');
}

/** `1,2,4`: whole numbers above 0. */
export function numberList(text: string): number[] {
  const numbers = text.split(',').map((each) => each.trim());
  if (numbers.every((each) => /^[1-9]\d{0,4}$/.test(each))) return numbers.map(Number);
  throw new InvalidArgumentError('It must be whole numbers above 0, separated by commas, such as 1,2,4.');
}

/** For options that may be given several times. */
export function collect(text: string, earlier: readonly string[] = []): string[] {
  return [...earlier, text];
}
