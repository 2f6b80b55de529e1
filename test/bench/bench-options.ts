import { parseArgs } from 'node:util';

/** What can be measured, in the order it is. */
export const ROWS = ['first-token', 'one-token', 'flood', 'steady', 'memory', 'log', 'real'] as const;

export type RowName = (typeof ROWS)[number];

export interface BenchOptions {
  readonly help: boolean;
  /** A look instead of a measurement: one short round. */
  readonly quick: boolean;
  /** File that gets everything that was measured. */
  readonly json: string | undefined;
  /** Folder that gets CPU profiles of gateway and worker. */
  readonly profile: string | undefined;
  readonly rows: readonly RowName[];
}

export const HELP = `npm run bench -- [--quick] [--json FILE] [--only ROWS] [--profile FOLDER]

Measures one gateway and one worker on this machine against the engine they use, side by side.

--quick            one short round of everything, in about a minute: to see that it works
--json FILE        writes all measurements, the medians of their rounds, and facts about the machine
--only ROWS        some rows only, separated by commas: ${ROWS.join(', ')}
--profile FOLDER   writes gateway.cpuprofile and worker.cpuprofile of the rows with the synthetic engine
--help             shows this`;

/** A command line that cannot be understood; the message says why. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError';
}

/** @throws OptionsError */
export function parseOptions(line: readonly string[]): BenchOptions {
  const { help, quick, json, profile, only } = parse(line);
  return {
    help: help === true,
    quick: quick === true,
    json: filled('--json', json),
    profile: filled('--profile', profile),
    rows: only === undefined ? ROWS : parseRows(only),
  };
}

function parse(line: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...line],
      strict: true,
      allowPositionals: false,
      options: {
        help: { type: 'boolean' },
        quick: { type: 'boolean' },
        json: { type: 'string' },
        profile: { type: 'string' },
        only: { type: 'string' },
      },
    });
    return values;
  } catch (error) {
    const [sentence] = (error as Error).message.split('. ');
    throw new OptionsError(`${sentence}. "npm run bench -- --help" shows what there is.`);
  }
}

function filled(option: string, value: string | undefined): string | undefined {
  if (value === '') throw new OptionsError(`${option} needs a path.`);
  return value;
}

function parseRows(text: string): readonly RowName[] {
  const wanted = text.split(',').map((name) => name.trim());
  const unknown = wanted.find((name) => !ROWS.some((row) => row === name));
  if (unknown !== undefined)
    throw new OptionsError(`There is no row "${unknown}"; the rows are ${ROWS.join(', ')}.`);
  return ROWS.filter((row) => wanted.includes(row));
}
