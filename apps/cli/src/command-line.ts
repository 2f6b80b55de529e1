import { ConfigurationError, processEnvironment } from '#config';
import type { Surroundings } from './command-context.js';
import { splitCommand } from './command-words.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { Interruption, interruptBySignals } from './interruption.js';
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
  const { name, rest } = splitCommand(args);
  if (name === 'up') return runUp(rest, entries);
  if (name === 'help' && rest[0] === 'up') return runUp(['--help'], entries);
  const { runCommand } = await import('./run-command.js');
  if (surroundings) return runCommand(args, surroundings);

  const interruption = new Interruption();
  const release = interruptBySignals(interruption, EXIT.interrupted);
  const { stdin, stdout, stderr } = process;
  const readerGone = endWithReader(interruption);
  try {
    const environment = processEnvironment();
    const code = await runCommand(args, { environment, stdin, stdout, stderr, interruption });
    return readerGone.aborted ? EXIT.ok : code;
  } finally {
    release();
  }
}

/**
 * Whoever reads the output may stop reading, as `head` does; that is no failure, and ends what the command has begun.
 * @returns what is aborted then
 */
function endWithReader(interruption: Interruption): AbortSignal {
  const readerGone = new AbortController();
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.exit(EXIT.failure);
    readerGone.abort();
    interruption.interrupt('SIGTERM');
  });
  process.stderr.on('error', () => undefined);
  return readerGone.signal;
}

async function runUp(args: readonly string[], entries?: ChildEntries): Promise<number> {
  const { parseUpOptions, UP_USAGE } = await import('./up/up-options.js');
  let code: ExitCode = EXIT.usage;
  try {
    const options = parseUpOptions(args);
    if (options.help) {
      console.log(UP_USAGE);
      return EXIT.ok;
    }
    const { up } = await import('./up/up.command.js');
    code = EXIT.failure;
    return await up({ options, environment: processEnvironment(), ...(entries ? { entries } : {}) });
  } catch (error) {
    if (!(error instanceof LaunchProblem) && !(error instanceof ConfigurationError)) throw error;
    console.error(error.message);
    return error instanceof ConfigurationError ? EXIT.usage : code;
  }
}
