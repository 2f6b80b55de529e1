import { type Command, CommanderError } from 'commander';
import { ConfigurationError, nearest, processEnvironment } from '#config';
import { CommandContext, type GlobalOptions, type Surroundings } from './command-context.js';
import { CommandFailure } from './command-failure.js';
import type { Act } from './commands/command-module.js';
import { COMMANDS, type RegisteredCommand } from './commands/registry.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { Interruption, interruptBySignals } from './interruption.js';
import { buildProgram, isShown } from './program.js';
import { LaunchProblem } from './up/launch-problem.js';
import type { ChildEntries } from './up/up.command.js';

/**
 * Runs one command to its end and resolves with the exit code. Whatever the user can put right is said in a sentence
 * on stderr. `entries` replaces the programs that `up` starts, `surroundings` the process.
 */
export async function runCommandLine(
  args: readonly string[],
  entries?: ChildEntries,
  surroundings?: Surroundings,
): Promise<number> {
  const [name = 'help', rest] = splitCommand(args);
  if (name === 'up') return runUp(rest, entries);
  if (name === 'help' && rest[0] === 'up') return runUp(['--help'], entries);
  if (surroundings) return runCommand(name, args, surroundings);

  const interruption = new Interruption();
  const release = interruptBySignals(interruption, EXIT.interrupted);
  const { stdin, stdout, stderr } = process;
  endWithReader();
  try {
    const environment = processEnvironment();
    return await runCommand(name, args, { environment, stdin, stdout, stderr, interruption });
  } finally {
    release();
  }
}

/** Whoever reads the output may stop reading, as `head` does; that is no failure, and nothing is left to say. */
function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failure);
  });
  process.stderr.on('error', () => undefined);
}

async function runUp(args: readonly string[], entries?: ChildEntries): Promise<number> {
  const { parseUpOptions, UP_USAGE } = await import('./up/up-options.js');
  try {
    const options = parseUpOptions(args);
    if (options.help) {
      console.log(UP_USAGE);
      return EXIT.ok;
    }
    const { up } = await import('./up/up.command.js');
    return await up({ options, environment: processEnvironment(), ...(entries ? { entries } : {}) });
  } catch (error) {
    if (!(error instanceof LaunchProblem) && !(error instanceof ConfigurationError)) throw error;
    console.error(error.message);
    return EXIT.failure;
  }
}

async function runCommand(
  name: string,
  args: readonly string[],
  surroundings: Surroundings,
): Promise<ExitCode> {
  const { stdout, stderr } = surroundings;
  const known = findCommand(name);
  if (known === undefined && !name.startsWith('-') && name !== 'help') {
    stderr.write(`${unknownCommand(name)}\n`);
    return EXIT.usage;
  }
  let outcome: ExitCode = EXIT.ok;
  const act: Act =
    (handler) =>
    async (...values) => {
      outcome =
        (await withContext(program, surroundings, (context) => handler(context, ...values))) ?? EXIT.ok;
    };
  const asked = name === 'help' ? findCommand(splitCommand(args)[1][0] ?? '') : known;
  const program = await buildProgram({
    act,
    output: { out: (text) => stdout.write(text), error: (text) => stderr.write(text) },
    whole: (command) => command === asked,
  });
  try {
    await program.parseAsync(name === 'help' && args.length === 0 ? ['--help'] : [...args], { from: 'user' });
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
  const context = new CommandContext(surroundings, program.opts<GlobalOptions>());
  try {
    const outcome = await handle(context);
    return context.signal.aborted ? EXIT.interrupted : outcome;
  } finally {
    await context.close();
  }
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

/** The first word that is neither an option of all commands nor its value, and what follows it. */
function splitCommand(args: readonly string[]): [string | undefined, readonly string[]] {
  let index = 0;
  while (index < args.length) {
    const word = args[index] ?? '';
    if (word === '--host' || word === '--api-key') index += 2;
    else if (word.startsWith('--host=') || word.startsWith('--api-key=')) index += 1;
    else return [word, [...args.slice(index + 1), ...(word === 'up' ? args.slice(0, index) : [])]];
  }
  return [undefined, []];
}

function findCommand(name: string): RegisteredCommand | undefined {
  return COMMANDS.find((command) => command.name === name || command.aliases?.includes(name));
}

function unknownCommand(name: string): string {
  const names = COMMANDS.flatMap((command) => [command.name, ...(command.aliases ?? [])]);
  const guess = nearest(name, ['up', 'help', ...names]);
  return `"${name}" is not a command of Longshore; did you mean "${guess}"? "longshore help" lists them.`;
}
