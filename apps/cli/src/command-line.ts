import { processEnvironment, ConfigurationError, nearest } from '#config';
import { LaunchProblem } from './up/launch-problem.js';
import { up, type ChildEntries } from './up/up.command.js';
import { parseUpOptions, UP_USAGE } from './up/up-options.js';

const COMMANDS = ['up', 'help'] as const;

const USAGE = `Usage: longshore <command>

Commands:
  up     start a cluster on this machine and stay in the foreground
  help   show this text

"longshore up --help" tells more.`;

/**
 * Runs one command to its end and resolves with the exit code. Whatever the user can put right is said in a sentence
 * on stderr. `entries` replaces the programs that `up` starts.
 */
export async function runCommandLine(args: readonly string[], entries?: ChildEntries): Promise<number> {
  const [command = 'help', ...rest] = args;
  try {
    if (command === 'up') return await runUp(rest, entries);
    if (!['help', '--help', '-h'].includes(command)) {
      throw new LaunchProblem(
        `"${command}" is not a command of Longshore; did you mean "${nearest(command, COMMANDS)}"?`,
      );
    }
    console.log(USAGE);
    return 0;
  } catch (error) {
    if (!(error instanceof LaunchProblem) && !(error instanceof ConfigurationError)) throw error;
    console.error(error.message);
    return 1;
  }
}

async function runUp(args: readonly string[], entries?: ChildEntries): Promise<number> {
  const options = parseUpOptions(args);
  if (options.help) {
    console.log(UP_USAGE);
    return 0;
  }
  return up({ options, environment: processEnvironment(), ...(entries ? { entries } : {}) });
}
