import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { LongshoreError } from '#contracts';

/** How an answer is to outlive the connection it is sent over, as its request says. */
export interface Resumption {
  /** It goes on for a while when the client has gone. */
  readonly resumable: boolean;
  /** It goes on until its end, whoever reads it, and is kept as a result. */
  readonly background?: boolean;
  /** Digest of the `Idempotency-Key` and of who uses it. */
  readonly key?: string;
  /** Events the client has from an earlier try with the same key. */
  readonly after: number;
  /** Each event of the stream carries its number. */
  readonly eventIds: boolean;
}

const LONGEST_KEY = 255;
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;
const COUNT = /^\d{1,15}$/;

/** @throws LongshoreError that names the header at fault */
export function readResumption(headers: IncomingHttpHeaders): { resumption?: Resumption } {
  const key = readKey(headers);
  const resumable = key !== undefined || readSwitch(headers, 'x-longshore-resumable');
  const eventIds = readSwitch(headers, 'x-stream-ids');
  if (!resumable && !eventIds) return {};
  const after = key === undefined ? 0 : (readLastEventId(headers) ?? 0);
  return { resumption: { resumable, after, eventIds, ...(key === undefined ? {} : { key }) } };
}

/** How many events the client says it has; undefined when it does not say. @throws LongshoreError */
export function readLastEventId(headers: IncomingHttpHeaders): number | undefined {
  const text = headers['last-event-id'];
  return text === undefined || text === '' ? undefined : readCount(String(text), 'Last-Event-ID');
}

/** @throws LongshoreError for anything but a whole number from 0 on */
export function readCount(text: string, name: string): number {
  if (COUNT.test(text)) return Number(text);
  throw new LongshoreError(
    'invalid_request',
    `${name} must be the number of events received so far, such as 12.`,
  );
}

/**
 * What an idempotency key is known by. Two callers with different credentials may use the same key and do not meet.
 * @throws LongshoreError when it cannot be a key
 */
export function digestKey(key: string, headers: IncomingHttpHeaders): string {
  if (key.length > LONGEST_KEY || !VISIBLE_ASCII.test(key)) {
    throw new LongshoreError(
      'invalid_request',
      `Idempotency-Key must have 1 to ${LONGEST_KEY} visible ASCII characters.`,
    );
  }
  return createHash('sha256')
    .update(`${headers.authorization ?? ''}\n${key}`)
    .digest('hex');
}

function readKey(headers: IncomingHttpHeaders): string | undefined {
  const key = headers['idempotency-key'];
  return key === undefined ? undefined : digestKey(String(key), headers);
}

function readSwitch(headers: IncomingHttpHeaders, name: string): boolean {
  const text = headers[name];
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw new LongshoreError('invalid_request', `${name} must be true or false.`);
}
