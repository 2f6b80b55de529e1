import { parseArgs } from 'node:util';

/** What can be measured, in the order it is. */
const ROWS = [
  'first-token',
  'one-token',
  'flood',
  'steady',
  'memory',
  'log',
  'real',
  'engines',
  'distribution',
] as const;

export type RowName = (typeof ROWS)[number];

/** Measured only when they are named: distribution takes gigabytes of disk, and both take minutes. */
const NAMED_ROWS: readonly RowName[] = ['engines', 'distribution'];

/** What is measured when nothing is said: the cluster. */
export const DEFAULT_ROWS: readonly RowName[] = ROWS.filter((row) => !NAMED_ROWS.includes(row));

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

export const HELP = `npm run bench -- [ROW…] [--quick] [--json FILE] [--only ROWS] [--profile FOLDER]

Measures one gateway and one worker on this machine against the engine they use, side by side. The row "distribution"
measures pulling and pushing models instead, and only when it is named; it needs 5 GiB of disk for a while. The row
"engines" measures llama-server behind the cluster, changing models, and what prefix affinity is worth with four
workers; it too must be named.

--quick            one short round of everything, in about a minute: to see that it works
--json FILE        writes all measurements, the medians of their rounds, and facts about the machine
--only ROWS        some rows only, separated by commas; rows may also be named as they are:
                   ${ROWS.join(', ')}
--profile FOLDER   writes gateway.cpuprofile and worker.cpuprofile of the rows with the synthetic engine
--help             shows this`;

/** A command line that cannot be understood; the message says why. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError';
}

/** @throws OptionsError */
export function parseOptions(line: readonly string[]): BenchOptions {
  const { help, quick, json, profile, only, named } = parse(line);
  return {
    help: help === true,
    quick: quick === true,
    json: filled('--json', json),
    profile: filled('--profile', profile),
    rows: only === undefined && named.length === 0 ? DEFAULT_ROWS : chooseRows(only?.split(',') ?? [], named),
  };
}

function parse(line: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...line],
      strict: true,
      allowPositionals: true,
      options: {
        help: { type: 'boolean' },
        quick: { type: 'boolean' },
        json: { type: 'string' },
        profile: { type: 'string' },
        only: { type: 'string' },
      },
    });
    return { ...values, named: positionals };
  } catch (error) {
    const [sentence] = (error as Error).message.split('. ');
    throw new OptionsError(`${sentence}. "npm run bench -- --help" shows what there is.`);
  }
}

function filled(option: string, value: string | undefined): string | undefined {
  if (value === '') throw new OptionsError(`${option} needs a path.`);
  return value;
}

function chooseRows(...names: readonly (readonly string[])[]): readonly RowName[] {
  const wanted = names.flat().map((name) => name.trim());
  const unknown = wanted.find((name) => !ROWS.some((row) => row === name));
  if (unknown !== undefined)
    throw new OptionsError(`There is no row "${unknown}"; the rows are ${ROWS.join(', ')}.`);
  return ROWS.filter((row) => wanted.includes(row));
}
