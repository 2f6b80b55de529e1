import { EngineStartError } from '../engine.js';

/** The words of a command line with every value a word of its own: llama-server takes none behind a `=`. */
export function asWords(flags: readonly string[]): readonly string[] {
  return flags.flatMap((word) => {
    const end = isFlag(word) ? word.indexOf('=') : -1;
    return end < 0 ? [word] : [word.slice(0, end), word.slice(end + 1)];
  });
}

/**
 * Refuses a flag that the installed binary does not know, which would end it with a page of help.
 * @throws EngineStartError that names the flag
 */
export function refuseUnknownFlags(flags: readonly string[], knownFlags: ReadonlySet<string>): void {
  const unknown = flags.find((word) => isFlag(word) && !knownFlags.has(word));
  if (unknown === undefined) return;
  throw new EngineStartError(
    `The installed llama-server does not know the flag ${unknown}; ` +
      'take it out of the configuration of the model, or install a llama-server that has it.',
  );
}

/** A negative number is a value. */
function isFlag(word: string): boolean {
  return /^--?[a-z]/i.test(word);
}
