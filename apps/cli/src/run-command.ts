import { type Command, CommanderError } from 'commander';
import { ConfigurationError, nearest } from '#config';
import { spellOutFlags } from './boolean-flags.js';
import type { CommandContext, GlobalOptions, Surroundings } from './command-context.js';
import { CommandFailure } from './command-failure.js';
import { splitCommand } from './command-words.js';
import type { Act } from './commands/command-module.js';
import { COMMANDS, type RegisteredCommand } from './commands/registry.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { buildProgram, isShown } from './program.js';

/** Runs any command but `up` to its end and resolves with the exit code. Says on stderr what went wrong. */
export async function runCommand(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { stdout, stderr } = surroundings;
  const { name = 'help', rest } = splitCommand(args);
  const known = findCommand(name === 'help' ? (rest[0] ?? '') : name);
  const unknown = name === 'help' ? rest[0] : name;
  if (known === undefined && unknown !== undefined && !unknown.startsWith('-')) {
    stderr.write(`${unknownCommand(unknown)}\n`);
    return EXIT.usage;
  }
  let outcome: ExitCode = EXIT.ok;
  const act: Act =
    (handler) =>
    async (...values) => {
      const handle = (context: CommandContext): Promise<ExitCode | void> => handler(context, ...values);
      outcome = (await withContext(program, surroundings, handle)) ?? EXIT.ok;
    };
  const program = await buildProgram({
    act,
    output: { out: (text) => stdout.write(text), error: (text) => stderr.write(text) },
    whole: (command) => command === known,
  });
  try {
    const command = program.commands.find((each) => each.name() === known?.name) ?? program;
    const words = args.length === 0 ? ['--help'] : spellOutFlags(args, command);
    await program.parseAsync(words, { from: 'user' });
    return outcome;
  } catch (error) {
    return tell(error, surroundings);
  }
}

async function withContext(
  program: Command,
  surroundings: Surroundings,
  handle: (context: CommandContext) => Promise<ExitCode | void>,
): Promise<ExitCode | void> {
  const { CommandContext } = await import('./command-context.js');
  const context = new CommandContext(surroundings, program.opts<GlobalOptions>(), describeProgram);
  try {
    const outcome = await handle(context);
    return context.signal.aborted ? EXIT.interrupted : outcome;
  } finally {
    await context.close();
  }
}

/** @param name of the command that is declared whole, or an alias */
function describeProgram(name?: string): Promise<Command> {
  const known = name === undefined ? undefined : findCommand(name);
  return buildProgram({
    act: () => async () => undefined,
    output: { out: () => undefined, error: () => undefined },
    whole: (command) => command === known,
  });
}

/** Says what went wrong, unless the user knows. */
function tell(error: unknown, { stderr, interruption }: Surroundings): ExitCode {
  if (error instanceof CommanderError) return isShown(error) ? EXIT.ok : EXIT.usage;
  if (interruption.signal.aborted) return EXIT.interrupted;
  const message = error instanceof Error ? error.message : String(error);
  stderr.write(`${message}\n`);
  if (error instanceof CommandFailure) return error.exitCode;
  return error instanceof ConfigurationError ? EXIT.usage : EXIT.failure;
}

function findCommand(name: string): RegisteredCommand | undefined {
  return COMMANDS.find((command) => command.name === name || command.aliases?.includes(name));
}

function unknownCommand(name: string): string {
  const shown = COMMANDS.filter(({ hidden }) => hidden !== true);
  const names = shown.flatMap((command) => [command.name, ...(command.aliases ?? [])]);
  const guess = nearest(name, ['up', 'help', ...names], Math.ceil(name.length / 3));
  const hint = guess === undefined ? '' : ` did you mean "${guess}"?`;
  return `"${name}" is not a command of Longshore;${hint} "longshore help" lists them.`;
}
