import type { IncomingHttpHeaders } from 'node:http';
import { LongshoreError } from '#contracts';

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;

/** What `curl -d` and `fetch` say of any text; examples of the Model Runner post JSON like that. */
const TYPES_OF_ANY_TEXT = /^(?:application\/x-www-form-urlencoded|text\/plain)\s*(?:;|$)/i;

/**
 * Says whether a body of this type is taken. A missing type and those that are said of any text pass for JSON, but not
 * from a web page: a browser sends these anywhere without asking, and a page must not drive a cluster behind its user's
 * back.
 */
export function checkMediaType(headers: IncomingHttpHeaders): LongshoreError | undefined {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return refuse(`Content-Encoding ${quote(encoding)} is not understood; send the body uncompressed.`);
  }
  const type = headers['content-type'] ?? '';
  if (JSON_TYPE.test(type)) return undefined;
  if ((type === '' || TYPES_OF_ANY_TEXT.test(type)) && headers.origin === undefined) return undefined;
  return refuse(`Content-Type ${quote(type)} is not understood; send Content-Type: application/json.`);
}

/** The types an archive may come as. */
export const ARCHIVE_TYPES = ['application/x-tar', 'application/octet-stream'] as const;

/** Says whether an archive of this type is taken. A browser asks before it sends one of these anywhere. */
export function checkArchiveType(headers: IncomingHttpHeaders): LongshoreError | undefined {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    return refuse(`Content-Encoding ${quote(encoding)} is not understood; send the archive uncompressed.`);
  const type = (headers['content-type'] ?? '').toLowerCase().split(';')[0]?.trim() ?? '';
  if ((ARCHIVE_TYPES as readonly string[]).includes(type)) return undefined;
  return refuse(`Content-Type ${quote(type)} is no archive; send Content-Type: ${ARCHIVE_TYPES[0]}.`);
}

function refuse(message: string): LongshoreError {
  return new LongshoreError('unsupported_media_type', message);
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
