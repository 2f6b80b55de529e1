import { inspect } from 'node:util';

export type LogFields = Readonly<Record<string, unknown>>;

export interface LogLine {
  readonly time: Date;
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** One log event as text without its time, which may have several lines: `level=info msg="…" key=value`. */
export function formatPairs({ level, message, fields }: Omit<LogLine, 'time'>): string {
  const { error, ...rest } = fields;
  const text = formatFields(rest);
  const head = `level=${level} msg=${pretty(message)}${text}`;
  if (error === undefined) return head;
  return `${head}\n${error instanceof Error ? (error.stack ?? error.message) : pretty(error)}`;
}

/** ` key=value` of each field that has one. Never throws. */
export function formatFields(fields: LogFields): string {
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined);
  return pairs.map(([name, value]) => ` ${name}=${pretty(value)}`).join('');
}

/** One log event as one line of JSON, or as text for people. Never throws, whatever the fields hold. */
export function formatLine(format: 'json' | 'pretty', line: LogLine): string {
  return format === 'json' ? formatJson(line) : formatPretty(line);
}

function formatJson({ time, level, message, fields }: LogLine): string {
  const head = { time: time.toISOString(), level, message };
  try {
    return JSON.stringify({ ...fields, ...head }, (_key, value: unknown) => plain(value));
  } catch {
    return JSON.stringify({ ...head, fields: inspect(fields, { depth: 2 }) });
  }
}

function formatPretty({ time, level, message, fields }: LogLine): string {
  const { error, ...rest } = fields;
  const text = formatFields(rest);
  const head = `${time.toISOString().slice(11, 23)} ${level.toUpperCase().padEnd(5)} ${message}${text}`;
  if (error === undefined) return head;
  const cause = error instanceof Error ? (error.stack ?? error.message) : pretty(error);
  return `${head}\n  ${cause.replaceAll('\n', '\n  ')}`;
}

function plain(value: unknown): unknown {
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
  return typeof value === 'bigint' ? String(value) : value;
}

function pretty(value: unknown): string {
  if (typeof value === 'string') return /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value);
  return inspect(value, { breakLength: Infinity, depth: 4 });
}
