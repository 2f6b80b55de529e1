import { CommandFailure } from '../command-failure.js';

/** A hub of models did not answer as it should. @param name for people */
export function hubFailure(name: string, error: unknown): CommandFailure {
  const reason = error instanceof Error ? error.message : String(error);
  return new CommandFailure(`${name} could not be searched: ${reason}`);
}
