import { formatFields, formatLine, formatPairs, type LogFields, type LogLine } from './format-line.js';
import { RecentLines } from './recent-lines.js';

/** From the least severe on. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['json', 'pretty'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LoggerOptions {
  /** Least severe level that is written. */
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Takes one line with its line break. */
  readonly write: (line: string) => void;
  /** Takes the same lines, and what engines print whatever the level. */
  readonly recent?: RecentLines;
}

/**
 * Structured logs, one line an event. Says what happened in `message` and with what in `fields`; a field `error` may
 * hold an Error. Never hand it a request body, a token or a password.
 */
export class Logger {
  constructor(
    private readonly options: LoggerOptions,
    private readonly fields: LogFields = {},
  ) {}

  /** The same logger with fields that stand on each of its lines. */
  with(fields: LogFields): Logger {
    return new Logger(this.options, { ...this.fields, ...fields });
  }

  /** The latest lines, where they are kept. */
  get recent(): RecentLines | undefined {
    return this.options.recent;
  }

  /** False spares the caller the work of putting fields together. */
  isEnabled(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(this.options.level);
  }

  debug(message: string, fields?: LogFields): void {
    this.write('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.write('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.write('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.write('error', message, fields);
  }

  private write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    const { recent } = this.options;
    const engine = level === 'debug' && fields !== undefined && 'engine' in fields;
    const enabled = this.isEnabled(level);
    if (!enabled && (!engine || recent === undefined)) return;
    const line = { time: new Date(), level, message, fields: { ...this.fields, ...fields } };
    if (enabled) this.options.write(`${formatLine(this.options.format, line)}\n`);
    if (recent !== undefined) keepLine(recent, line, engine);
  }
}

/** What an engine prints stands as it is, behind who printed it. */
function keepLine(recent: RecentLines, line: LogLine, engine: boolean): void {
  const text = engine ? `${formatFields(line.fields).trimStart()} | ${line.message}` : formatPairs(line);
  for (const part of text.split('\n')) recent.add({ time: line.time.getTime(), engine, text: part });
}

/** Logs to standard output, and keeps the latest lines. A reader of it that goes away takes the lines with it, not this process. */
export function createLogger(level: LogLevel, format: LogFormat): Logger {
  process.stdout.on('error', () => undefined);
  const recent = new RecentLines();
  return new Logger({ level, format, write: (line) => process.stdout.write(line), recent });
}
