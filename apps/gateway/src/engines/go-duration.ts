/** Nanoseconds. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3_600e9,
};
const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;
const WHOLE = /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const NS_PER_MS = 1e6;

/** What Go can hold. */
const LONGEST_NS = 2 ** 63;

/** Reads a duration as Go writes it, such as `10m`, `1h30m`, `-1s` or `0`. @returns ms; undefined when it is none */
export function parseGoDuration(text: string): number | undefined {
  if (!WHOLE.test(text)) return undefined;
  let sum = 0;
  for (const [, number, unit] of text.matchAll(PART)) sum += Number(number) * (UNITS[unit ?? ''] ?? 0);
  if (sum >= LONGEST_NS) return undefined;
  return (text.startsWith('-') ? -sum : sum) / NS_PER_MS;
}

/** As Go prints it: `10m0s`, `1h0m0s`, `1.5s`, `500ms`, `0s`. @param ms at least 0 */
export function formatGoDuration(ms: number): string {
  if (ms === 0) return '0s';
  if (ms < 1_000) return `${ms}ms`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = `${(ms - minutes * 60_000) / 1_000}s`;
  if (minutes === 0) return seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes}m${seconds}` : `${hours}h${minutes % 60}m${seconds}`;
}

/** How long a session stays, in the words of the Model Runner: a duration, or `-1` for ever. @param ms -1 = for ever */
export function formatKeepAlive(ms: number): string {
  return ms < 0 ? '-1' : formatGoDuration(ms);
}
