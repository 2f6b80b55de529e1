import type { FlagValue } from './flag-value.js';

/** Which runtime flags a caller may hand to an engine. No flag that reads or writes a file, or runs code, is in one. */
export interface FlagList {
  readonly allowed: ReadonlySet<string>;
  /** Flags of the engine that are the worker's to choose, and why. */
  readonly reserved: ReadonlyMap<string, string>;
  /** What allowed flags take, where that is known; what the others take is the engine's to judge. */
  readonly values?: ReadonlyMap<string, FlagValue>;
}

/** Flags as they stand on a command line, separated by spaces and line breaks. */
export function flagsOf(...groups: readonly string[]): ReadonlySet<string> {
  return new Set(groups.flatMap((group) => group.trim().split(/\s+/)));
}
