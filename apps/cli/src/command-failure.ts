import { EXIT, type ExitCode } from './exit-codes.js';

/** A command did not work. The message is one sentence for the user: what was wrong, and what to do about it. */
export class CommandFailure extends Error {
  override readonly name: string = 'CommandFailure';

  constructor(
    message: string,
    readonly exitCode: ExitCode = EXIT.failure,
  ) {
    super(message);
  }
}

/** The command line cannot be used. */
export function wrongUsage(message: string): CommandFailure {
  return new CommandFailure(message, EXIT.usage);
}
