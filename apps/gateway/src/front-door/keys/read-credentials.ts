import type { IncomingHttpHeaders } from 'node:http';

/**
 * All that could be an API key in the headers of a request, the likeliest first: clients that cannot be told to send none
 * send a made-up one beside the real one.
 */
export function readCredentials(headers: IncomingHttpHeaders): readonly string[] {
  const own = headers['x-api-key'];
  return [
    ...fromAuthorization(headers.authorization),
    ...(typeof own === 'string' ? [own.trim()] : []),
  ].filter((credential) => credential !== '');
}

function fromAuthorization(text: string | undefined): readonly string[] {
  const match = /^(bearer|basic) +(\S+) *$/i.exec(text ?? '');
  if (match === null) return [];
  const [, scheme = '', value = ''] = match;
  if (scheme.toLowerCase() === 'bearer') return [value];
  const pair = Buffer.from(value, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon === -1 ? [pair] : [pair.slice(colon + 1), pair.slice(0, colon)];
}
