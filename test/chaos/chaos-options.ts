import { parseArgs } from 'node:util';
import type { ClusterEngine } from '#testing';
import { FAULT_NAMES, type FaultName, faultsFor } from './faults/catalogue.js';

export interface ChaosOptions {
  readonly help: boolean;
  /** How long faults are made. */
  readonly minutes: number;
  readonly seed: number;
  readonly engine: ClusterEngine;
  /** File that gets everything that was measured. */
  readonly json: string | undefined;
  /** What to choose from, several at once where they come together. */
  readonly faults: readonly (readonly FaultName[])[];
}

const ENGINES = ['llama-server', 'synthetic'] as const;
const MOST_MINUTES = 600;

export const HELP = `npm run chaos -- [--minutes N] [--seed N] [--faults NAMES] [--engine NAME] [--json FILE]

Starts a cluster, asks it many things at once, breaks one part after the other, and counts what clients lose by it.
Every answer is compared with what the same request is answered with undisturbed.

--minutes N      how long parts are broken; 2 unless told
--seed N         decides on the order of all that is random; a new one unless told
--faults NAMES   some faults only, separated by commas, "a+b" for two at once, or "none":
                 ${FAULT_NAMES.join(', ')}
--engine NAME    llama-server, the default, or synthetic
--json FILE      writes everything that was measured
--help           shows this

Ends with 1 when anything is lost, repeated, wrong or left behind, or takes much longer than it should.`;

/** A command line that cannot be understood; the message says why. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError';
}

/**
 * @param newSeed is taken when the line names none
 * @throws OptionsError
 */
export function parseOptions(line: readonly string[], newSeed: number): ChaosOptions {
  const values = parse(line);
  const minutes = parseNumber('--minutes', values.minutes ?? '2');
  if (minutes <= 0 || minutes > MOST_MINUTES)
    throw new OptionsError(`--minutes must be above 0 and at most ${MOST_MINUTES}.`);
  const seed = values.seed === undefined ? newSeed : parseNumber('--seed', values.seed);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32)
    throw new OptionsError('--seed must be a whole number from 0 to 4294967295.');
  const engine = ENGINES.find((name) => name === (values.engine ?? 'llama-server'));
  if (engine === undefined) throw new OptionsError(`--engine must be one of ${ENGINES.join(', ')}.`);
  if (values.json === '') throw new OptionsError('--json needs a path.');
  return {
    help: values.help === true,
    minutes,
    seed,
    engine,
    json: values.json,
    faults: values.faults === undefined ? faultsFor(minutes) : parseFaults(values.faults),
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
        minutes: { type: 'string' },
        seed: { type: 'string' },
        faults: { type: 'string' },
        engine: { type: 'string' },
        json: { type: 'string' },
      },
    });
    return values;
  } catch (error) {
    const [sentence] = (error as Error).message.split('. ');
    throw new OptionsError(`${sentence}. "npm run chaos -- --help" shows what there is.`);
  }
}

function parseNumber(option: string, text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number)) throw new OptionsError(`${option} needs a number.`);
  return number;
}

function parseFaults(text: string): readonly (readonly FaultName[])[] {
  if (text.trim() === 'none') return [];
  return text.split(',').map((group) => group.split('+').map((name) => parseFault(name.trim())));
}

function parseFault(name: string): FaultName {
  const found = FAULT_NAMES.find((fault) => fault === name);
  if (found === undefined)
    throw new OptionsError(`There is no fault "${name}"; the faults are ${FAULT_NAMES.join(', ')}, or none.`);
  return found;
}
