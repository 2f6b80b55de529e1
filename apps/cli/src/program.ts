import { readRelease } from '#config';
import { Command, type CommanderError } from 'commander';
import type { Act } from './commands/command-module.js';
import { COMMANDS, type RegisteredCommand } from './commands/registry.js';
import { EXIT } from './exit-codes.js';
import { UP_SUMMARY } from './up/up-summary.js';

/** Where commander prints. */
export interface ProgramOutput {
  out(text: string): void;
  error(text: string): void;
  readonly outColumns?: number;
}

export interface ProgramOptions {
  readonly output: ProgramOutput;
  readonly act: Act;
  /** The commands that are to be declared whole; of the others only name and summary. */
  readonly whole: (command: RegisteredCommand) => boolean;
}

const EXIT_CODES = `
Exit codes: ${EXIT.ok} it worked, ${EXIT.failure} it did not, ${EXIT.usage} wrong usage, ${EXIT.notFound} not found, ${EXIT.unreachable} no cluster answers, ${EXIT.refused} refused, ${EXIT.interrupted} interrupted.
"longshore <command> --help" tells more, with examples.`;

/** The command line as commander reads it. */
export async function buildProgram({ output, act, whole }: ProgramOptions): Promise<Command> {
  const program = new Command('longshore')
    .description('Run AI models on a cluster of workers.')
    .usage('<command> [options]')
    .version(readRelease(), '-V, --version', 'show the version of this program')
    .option(
      '--host <address>',
      'the cluster (MODEL_RUNNER_HOST, else LONGSHORE_URL, else http://127.0.0.1:12434)',
    )
    .option('--api-key <key>', 'API key of the cluster (LONGSHORE_API_KEY)')
    .helpOption('-h, --help', 'show this text')
    .helpCommand('help [command]', 'show the help text of a command')
    .addHelpText('after', EXIT_CODES)
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.out(text),
      writeErr: (text) => output.error(text),
      outputError: (text, write) => write(oneSentence(text)),
      ...(output.outColumns === undefined ? {} : { getOutHelpWidth: () => output.outColumns ?? 80 }),
    });
  program.command('up').summary(UP_SUMMARY).description(UP_SUMMARY);
  for (const registered of COMMANDS) {
    const command = program
      .command(registered.name, { hidden: registered.hidden === true })
      .aliases([...(registered.aliases ?? [])])
      .summary(registered.summary)
      .description(`${registered.summary}.`)
      .helpOption('-h, --help', 'show this text');
    if (whole(registered)) (await registered.load()).declare(command, act);
  }
  return program;
}

/** Whether commander stopped because what was asked for has been shown: help or the version. */
export function isShown({ exitCode }: CommanderError): boolean {
  return exitCode === 0;
}

/** "error: unknown option '--jsno'\n(Did you mean --json?)" as a sentence. */
function oneSentence(text: string): string {
  const [what = '', hint] = text
    .replace(/^error: /, '')
    .trimEnd()
    .split('\n');
  const sentence = `${what.charAt(0).toUpperCase()}${what.slice(1).replace(/\.$/, '')}`;
  const suggestion = hint === undefined ? '' : `; ${hint.replace(/^\(D/, 'd').replace(/\)$/, '')}`;
  return `${sentence}${suggestion}${suggestion.endsWith('?') ? '' : '.'} "--help" shows what there is.\n`;
}
