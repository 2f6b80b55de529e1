import { EngineStartError } from '../engine.js';

/**
 * Refuses a flag that the installed binary does not know, which would end it with a page of help.
 * @throws EngineStartError that names the flag
 */
export function refuseUnknownFlags(flags: readonly string[], knownFlags: ReadonlySet<string>): void {
  const unknown = flags.find((word) => isFlag(word) && !knownFlags.has(word));
  if (unknown === undefined) return;
  const [name = unknown, value] = unknown.split('=', 2);
  const advice =
    value !== undefined && knownFlags.has(name)
      ? `write its value as a word of its own: ${name} ${value}`
      : 'take it out of the configuration of the model, or install a llama-server that has it';
  throw new EngineStartError(`The installed llama-server does not know the flag ${unknown}; ${advice}.`);
}

/** A negative number is a value. */
function isFlag(word: string): boolean {
  return /^--?[a-z]/i.test(word);
}
