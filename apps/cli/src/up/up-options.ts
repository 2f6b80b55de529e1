import { parseArgs } from 'node:util';
import { VARIANTS, type Variant } from '#contracts';
import { LaunchProblem } from './launch-problem.js';

/** What was asked for on the command line; members are absent when not given. */
export interface UpOptions {
  readonly help: boolean;
  readonly workers: number;
  readonly gateways: number;
  readonly port?: number;
  readonly variant?: Variant;
  readonly data?: string;
  readonly redis?: string;
}

const MOST_PROCESSES = 64;

export const UP_USAGE = `Usage: npm start -- [options]        (or: longshore up [options])

Starts a cluster on this machine: Redis, gateways and workers. Ctrl-C stops it.

Options:
  --workers N      workers to start (1)
  --gateways N     gateways to start, on neighbouring ports (1)
  --port P         port of the first gateway (12434); 0 takes free ones
  --variant V      kind of worker: ${VARIANTS.join(', ')};
                   else what the machine has
  --data DIR       folder for models, Redis data and logs (~/.longshore)
  --redis URL      use this Redis instead of a private one
  --help           show this text

The same can be said with LONGSHORE_PORT, LONGSHORE_VARIANT, LONGSHORE_DATA and LONGSHORE_REDIS_URL.`;

const OPTIONS = {
  workers: { type: 'string' },
  gateways: { type: 'string' },
  port: { type: 'string' },
  variant: { type: 'string' },
  data: { type: 'string' },
  redis: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws LaunchProblem that names the option and what it takes */
export function parseUpOptions(args: readonly string[]): UpOptions {
  const { values, positionals } = readArguments(args);
  if (positionals.length > 0) {
    throw new LaunchProblem(`"${positionals[0]}" is not an option; "npm start -- --help" lists them.`);
  }
  const { port, variant, data, redis } = values;
  return {
    help: values.help ?? false,
    workers: readNumber('--workers', values.workers ?? '1', 1, MOST_PROCESSES),
    gateways: readNumber('--gateways', values.gateways ?? '1', 1, MOST_PROCESSES),
    ...(port === undefined ? {} : { port: readNumber('--port', port, 0, 65_535) }),
    ...(variant === undefined ? {} : { variant: readVariant('--variant', variant) }),
    ...(data === undefined ? {} : { data: readText('--data', data, 'a folder') }),
    ...(redis === undefined ? {} : { redis: readText('--redis', redis, 'a Redis URL') }),
  };
}

/** @throws LaunchProblem */
export function readVariant(name: string, text: string): Variant {
  const variant = VARIANTS.find((candidate) => candidate === text);
  if (variant) return variant;
  throw new LaunchProblem(`${name} must be one of ${VARIANTS.join(', ')}; it is "${text}".`);
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    const sentence = error instanceof Error ? error.message.split('. ')[0] : String(error);
    throw new LaunchProblem(`${sentence?.replace(/\.?$/, '.')} "npm start -- --help" lists the options.`);
  }
}

function readNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new LaunchProblem(`${name} must be a whole number from ${least} to ${most}; it is "${text}".`);
}

function readText(name: string, text: string, what: string): string {
  if (text.trim() !== '') return text;
  throw new LaunchProblem(`${name} must name ${what}; it is empty.`);
}
