import type { IncomingHttpHeaders } from 'node:http';
import { parseDuration, UnreadableValue } from '#config';
import { LongshoreError } from '#contracts';

/** What a caller asks of the cluster in headers, whatever the dialect of the body. */
export interface CallerWishes {
  /** ms. */
  readonly timeout?: number;
  /** 1 to 20, 1 the most urgent. */
  readonly priority?: number;
  /** Whether a stream that waits may be told so in comments. */
  readonly notices: boolean;
  /** The model is only to be made ready, and nothing answered. */
  readonly preloadOnly?: true;
}

/** The words for priorities. Between them is room for numbers. */
export const PRIORITIES = { high: 5, normal: 10, low: 15 } as const;

const MOST_URGENT = 1;
const LEAST_URGENT = 20;

/** @throws LongshoreError `invalid_request` that names the header */
export function readWishes(headers: IncomingHttpHeaders): CallerWishes {
  const timeout = read(headers, 'x-request-timeout', readTimeout);
  const priority = read(headers, 'x-priority', readPriority);
  const notices =
    read(headers, 'x-queue-notices', (text) => readSwitch(text, 'X-Queue-Notices', SWITCH)) ?? true;
  const preloadOnly =
    read(headers, 'x-preload-only', (text) => readSwitch(text, 'X-Preload-Only', PRELOAD)) ?? false;
  return {
    notices,
    ...(preloadOnly ? { preloadOnly } : {}),
    ...(timeout === undefined ? {} : { timeout }),
    ...(priority === undefined ? {} : { priority }),
  };
}

function read<T>(headers: IncomingHttpHeaders, name: string, parse: (text: string) => T): T | undefined {
  const value = headers[name];
  return value === undefined ? undefined : parse(String(value).trim());
}

function readTimeout(text: string): number {
  const ms = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1_000 : durationOf(text);
  if (ms !== undefined && ms >= 1 && Number.isFinite(ms)) return Math.round(ms);
  throw malformed('X-Request-Timeout', 'must be more than 0: seconds such as 30, or 500ms, 30s or 2m.');
}

function durationOf(text: string): number | undefined {
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof UnreadableValue) return undefined;
    throw error;
  }
}

function readPriority(text: string): number {
  const word = text.toLowerCase();
  if (Object.hasOwn(PRIORITIES, word)) return PRIORITIES[word as keyof typeof PRIORITIES];
  const number = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (number >= MOST_URGENT && number <= LEAST_URGENT) return number;
  throw malformed(
    'X-Priority',
    `must be high, normal, low, or a number from ${MOST_URGENT}, the most urgent, to ${LEAST_URGENT}.`,
  );
}

const SWITCH = 'must be on or off.';
const PRELOAD = 'must be true or false.';

function readSwitch(text: string, header: string, rule: string): boolean {
  if (/^(?:on|true|yes|1)$/i.test(text)) return true;
  if (/^(?:off|false|no|0)$/i.test(text)) return false;
  throw malformed(header, rule);
}

function malformed(header: string, rule: string): LongshoreError {
  return new LongshoreError('invalid_request', `The header ${header} ${rule}`, header);
}
