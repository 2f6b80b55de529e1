import { EngineStartError } from '../engine.js';

type HostFlag = readonly [name: string, value: string];

interface KnownFlag {
  /** The host's own name for it. */
  readonly host: string;
  /** Values it takes; undefined for a flag without one. */
  readonly takes?: RegExp;
}

const COUNT = /^[1-9]\d{0,8}$/;
const DECIMAL = /^\d{1,9}(?:\.\d{1,9})?$/;
const SIGNED = /^-?\d{1,9}(?:\.\d{1,9})?$/;
const SHARE = /^(?:0(?:\.\d{1,9})?|1(?:\.0{1,9})?)$/;
const COUNT_OR_ALL = /^(?:-1|\d{1,9})$/;

/** Flags of llama-server that mean something here, under all of their names. */
const KNOWN: ReadonlyMap<string, KnownFlag> = new Map([
  ...named(['--ctx-size', '-c'], { host: '--context-size', takes: /^\d{1,9}$/ }),
  ...named(['--threads', '-t'], { host: '--threads', takes: COUNT }),
  ...named(['--batch-size', '-b'], { host: '--batch-size', takes: COUNT }),
  ...named(['--gpu-layers', '--n-gpu-layers', '-ngl'], { host: '--gpu-layers', takes: /^\d{1,4}$/ }),
  ...named(['--reasoning-budget'], { host: '--reasoning-budget', takes: /^(?:-1|0)$/ }),
  ...named(['--no-mmap'], { host: '--mmap' }),
  ...named(['--mlock'], { host: '--mlock' }),
  ...named(['--temp', '--temperature'], { host: '--temperature', takes: DECIMAL }),
  ...named(['--top-k'], { host: '--top-k', takes: /^\d{1,9}$/ }),
  ...named(['--top-p'], { host: '--top-p', takes: SHARE }),
  ...named(['--min-p'], { host: '--min-p', takes: SHARE }),
  ...named(['--seed', '-s'], { host: '--seed', takes: COUNT_OR_ALL }),
  ...named(['--repeat-penalty'], { host: '--repeat-penalty', takes: DECIMAL }),
  ...named(['--repeat-last-n'], { host: '--repeat-last-n', takes: COUNT_OR_ALL }),
  ...named(['--presence-penalty'], { host: '--presence-penalty', takes: SIGNED }),
  ...named(['--frequency-penalty'], { host: '--frequency-penalty', takes: SIGNED }),
  ...named(['--predict', '--n-predict', '-n'], { host: '--n-predict', takes: COUNT_OR_ALL }),
]);

const SENTENCE = `The embedded llama.cpp engine knows the flags ${[...KNOWN.keys()].filter((name) => name.startsWith('--')).join(', ')}; for others run a worker that has llama-server.`;

/**
 * The host's flags for those of a caller, in their order. A context of 0 is the model's own, as with llama-server.
 * @throws EngineStartError for a flag that is not known, or a value that it does not take
 */
export function readRuntimeFlags(flags: readonly string[]): readonly HostFlag[] {
  const read: HostFlag[] = [];
  for (let at = 0; at < flags.length; at++) {
    const [name = '', ...rest] = (flags[at] ?? '').split('=');
    const known = KNOWN.get(name);
    if (known === undefined) throw new EngineStartError(`"${name}" cannot be set here. ${SENTENCE}`);
    const { host, takes } = known;
    if (takes === undefined) {
      if (rest.length > 0) throw new EngineStartError(`The flag ${name} takes no value.`);
      read.push([host, host === '--mmap' ? 'off' : 'on']);
      continue;
    }
    const value = rest.length > 0 ? rest.join('=') : flags[++at];
    if (value === undefined || !takes.test(value))
      throw new EngineStartError(
        `The flag ${name} cannot be ${value === undefined ? 'without a value' : `"${value}"`}.`,
      );
    if (host !== '--context-size' || Number(value) > 0) read.push([host, value]);
  }
  return read;
}

function named(names: readonly string[], flag: KnownFlag): (readonly [string, KnownFlag])[] {
  return names.map((name) => [name, flag] as const);
}
