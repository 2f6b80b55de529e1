import { CommandFailure } from '../command-failure.js';

/** A hub of models did not answer as it should. @param name for people */
export function hubFailure(name: string, error: unknown): CommandFailure {
  const words = error instanceof Error ? error.message : String(error);
  const [, host] = /^getaddrinfo E\w+ (\S+)$/.exec(words) ?? [];
  const reason = host === undefined ? words : `the name ${host} could not be looked up`;
  return new CommandFailure(`${name} could not be searched: ${reason}`);
}
