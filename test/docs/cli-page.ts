import type { Command } from 'commander';
import { COMMANDS } from '../../apps/cli/src/commands/registry.js';
import { buildProgram } from '../../apps/cli/src/program.js';
import { UP_SUMMARY } from '../../apps/cli/src/up/up-summary.js';
import { UP_USAGE } from '../../apps/cli/src/up/up-options.js';

/** Wide enough for each option to stand on a line. */
const COLUMNS = 160;

const INTRODUCTION = [
  '`longshore` runs a cluster on this machine (`longshore up`) and talks to any cluster. From a checkout that was started or built once it is `npx longshore`, or `npm link` puts it into the `PATH`; `npm start` is `longshore up`.',
  'Which cluster: `--host`, else `MODEL_RUNNER_HOST`, else `LONGSHORE_URL`, else `http://127.0.0.1:12434`. An address is `http://host:port`, with a path and `user:password@` if need be, `host:port`, or `unix:///path`. An API key comes from `--api-key` or `LONGSHORE_API_KEY`. All variables are in [configuration](configuration.md).',
  'Results go to stdout and everything else to stderr. On a terminal transfers are shown as bars, elsewhere as lines; `NO_COLOR` takes the colours away. Every command takes `--json` where it has a result that a program may want.',
];

const EXIT_CODES = [
  ['0', 'it worked'],
  ['1', 'it was tried and did not work'],
  ['2', 'the command line or the environment cannot be used; nothing was tried'],
  ['3', 'the cluster, or the registry, does not have what was named'],
  ['4', 'no cluster answers, or the connection to it broke'],
  ['5', 'the cluster refused: no API key, a wrong one, or one that may not do this'],
  ['130', 'interrupted, by Ctrl-C or a signal'],
] as const;

/** The parts of docs/cli.md, made of the program itself. */
export async function cliPageParts(): Promise<string[]> {
  const program = await buildProgram({
    act: () => async () => undefined,
    output: { out: () => undefined, error: () => undefined, outColumns: COLUMNS },
    whole: () => true,
  });
  const shown = COMMANDS.filter(({ hidden }) => hidden !== true).flatMap(({ name }) =>
    program.commands.filter((command) => command.name() === name),
  );
  return [
    ...INTRODUCTION,
    '## Exit codes',
    [
      '| code | meaning |',
      '| --- | --- |',
      ...EXIT_CODES.map(([code, meaning]) => `| ${code} | ${meaning} |`),
    ].join('\n'),
    '## `longshore up`',
    `${UP_SUMMARY}.`,
    fenced(UP_USAGE),
    ...shown.flatMap((command) => section(command, 2)),
  ];
}

function section(command: Command, level: number): string[] {
  const names: string[] = [];
  for (let each: Command | null = command; each !== null; each = each.parent) names.unshift(each.name());
  const inner = command.commands.filter((each) => each.name() !== 'help');
  return [
    `${'#'.repeat(level)} \`${names.join(' ')}\``,
    fenced(helpText(command)),
    ...inner.flatMap((each) => section(each, level + 1)),
  ];
}

/** The same for every command; they stand in the introduction. */
const GLOBAL_OPTIONS = /\nGlobal Options:\n(?: {2}.*\n)+/;

/** What `--help` prints, examples included. */
function helpText(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => COLUMNS });
  command.outputHelp();
  return text.replace(GLOBAL_OPTIONS, '');
}

function fenced(text: string): string {
  return `\`\`\`text\n${text.trim()}\n\`\`\``;
}
