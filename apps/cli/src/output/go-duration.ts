const UNIT_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/** `1h30m`, `10m0s`, `500ms` or `0` in ms; undefined when it is none. */
export function parseGoDuration(text: string): number | undefined {
  const match = /^(-?)((?:\d+(?:\.\d+)?(?:h|ms|m|us|µs|ns|s))+|0)$/.exec(text);
  if (match === null) return undefined;
  const parts = (match[2] ?? '').matchAll(/(\d+(?:\.\d+)?)(h|ms|m|us|µs|ns|s)/g);
  const sum = [...parts].reduce((ms, [, number, unit = '']) => ms + Number(number) * (UNIT_MS[unit] ?? 0), 0);
  return match[1] === '-' ? -sum : sum;
}
