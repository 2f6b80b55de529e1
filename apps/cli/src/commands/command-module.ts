import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import type { ExitCode } from '../exit-codes.js';

/** What a command does. Resolves with its exit code; nothing means that it worked. */
export type Handler<Values extends unknown[]> = (
  context: CommandContext,
  ...values: Values
) => Promise<ExitCode | void>;

/**
 * Makes a handler the action of a commander command: it gets the context in front of what commander passes: the
 * arguments in their order, then the options.
 */
export type Act = <Values extends unknown[]>(
  handler: Handler<Values>,
) => (...values: Values) => Promise<void>;

/** One file of this folder. */
export interface CommandModule {
  /** Declares arguments, options, help and action on `command`, which has its name and summary already. */
  declare(command: Command, act: Act): void;
}
