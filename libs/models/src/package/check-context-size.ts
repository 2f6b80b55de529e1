import { FormatError } from '../formats/format-error.js';

/** Engines keep it in 32 bits with a sign. */
const LARGEST = 2 ** 31 - 1;

/** @throws FormatError when a context size was given that no engine can use. */
export function checkContextSize(contextSize: number | undefined): void {
  if (contextSize === undefined) return;
  if (Number.isInteger(contextSize) && contextSize > 0 && contextSize <= LARGEST) return;
  throw new FormatError(`the context size ${contextSize} is not a whole number of tokens above 0`);
}
