/** How the synthetic engine behaves when a request does not say otherwise. */
export interface Behaviour {
  /** Tokens a second and stream; 0 is as fast as it can. */
  readonly rate: number;
  /** Milliseconds before the first token. */
  readonly prefillMs: number;
  /** After this many tokens of a stream the process ends with SIGSEGV; absent = never. */
  readonly crashAfter?: number;
  /** After this many tokens the stream says nothing more, and stays open; absent = never. */
  readonly hangAfter?: number;
  /** Status to refuse the request with; absent = it is accepted. */
  readonly refuse?: number;
  /** 1 = each token tells when it was emitted, as `emitted_at`, in microseconds of the monotonic clock. */
  readonly stamp?: number;
}

export interface SyntheticSettings {
  readonly behaviour: Behaviour;
  /** Milliseconds during which `/health` answers 503. */
  readonly loadMs: number;
  /** Tokens of context, over all slots, that memory suffices for; absent = any number. */
  readonly contextLimit?: number;
  /** Engines that memory suffices for, by the sockets in its folder; absent = any number. */
  readonly engineLimit?: number;
  /** Tokens of context it is to have, over all slots. */
  readonly context: number;
  /** What it answers as `model`. */
  readonly alias: string;
  readonly listen: { readonly path: string } | { readonly host: string; readonly port: number };
}

/** Environment variables that set the behaviour of a whole process, as numbers. */
export const SYNTHETIC_VARIABLES = {
  rate: 'SYNTHETIC_RATE',
  prefillMs: 'SYNTHETIC_PREFILL_MS',
  crashAfter: 'SYNTHETIC_CRASH_AFTER',
  hangAfter: 'SYNTHETIC_HANG_AFTER',
  refuse: 'SYNTHETIC_REFUSE',
  stamp: 'SYNTHETIC_STAMP',
  loadMs: 'SYNTHETIC_LOAD_MS',
  contextLimit: 'SYNTHETIC_CONTEXT_LIMIT',
  engineLimit: 'SYNTHETIC_ENGINE_LIMIT',
} as const;

export type SyntheticVariable = keyof typeof SYNTHETIC_VARIABLES;

/** Reads llama-server's flags; those that it does not know are ignored, as are their values. */
export function readSettings(
  flags: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): SyntheticSettings {
  const valueOf = (...names: string[]): string | undefined => {
    const index = flags.findLastIndex((flag) => names.includes(flag));
    return index < 0 ? undefined : flags[index + 1];
  };
  const host = valueOf('--host') ?? '127.0.0.1';
  const limit = (name: 'contextLimit' | 'engineLimit') => {
    const value = toNumber(name, environment[SYNTHETIC_VARIABLES[name]]);
    return value === undefined ? {} : { [name]: value };
  };
  return {
    behaviour: overrule({ rate: 0, prefillMs: 0 }, (name) => environment[SYNTHETIC_VARIABLES[name]]),
    loadMs: toNumber('loadMs', environment[SYNTHETIC_VARIABLES.loadMs]) ?? 0,
    context: Number(valueOf('--ctx-size', '-c') ?? 0),
    ...limit('contextLimit'),
    ...limit('engineLimit'),
    alias: valueOf('--alias', '-a') ?? valueOf('--model', '-m') ?? 'synthetic',
    listen: host.endsWith('.sock') ? { path: host } : { host, port: Number(valueOf('--port') ?? 8080) },
  };
}

/** The behaviour that a request's `synthetic` object asks for, where it does. */
export function behaviourOf(body: Readonly<Record<string, unknown>>, otherwise: Behaviour): Behaviour {
  const wishes = body['synthetic'];
  if (typeof wishes !== 'object' || wishes === null) return otherwise;
  return overrule(otherwise, (name) => (wishes as Record<string, unknown>)[name]);
}

function overrule(base: Behaviour, wish: (name: keyof Behaviour) => unknown): Behaviour {
  const names = ['rate', 'prefillMs', 'crashAfter', 'hangAfter', 'refuse', 'stamp'] as const;
  const wishes = names.flatMap((name) => {
    const value = toNumber(name, wish(name));
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...base, ...Object.fromEntries(wishes) };
}

function toNumber(name: SyntheticVariable, value: unknown): number | undefined {
  if (value === undefined || value === '') return undefined;
  const number = Number(value);
  if (!Number.isFinite(number) || number < 0)
    throw new Error(`The synthetic engine's ${name} must be a number.`);
  return number;
}
