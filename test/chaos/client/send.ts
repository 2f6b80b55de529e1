import { type IncomingMessage, request } from 'node:http';

export interface Sending {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Posted as JSON; absent = GET. */
  readonly body?: object;
  readonly signal: AbortSignal;
}

/** Sends a request on a connection of its own; resolves with the head of the answer. */
export function send({ url, headers, body, signal }: Sending): Promise<IncomingMessage> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const type = payload === undefined ? {} : { 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method: payload === undefined ? 'GET' : 'POST',
      headers: { ...type, ...headers },
      agent: false,
      signal,
    });
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
    outgoing.end(payload);
  });
}

export async function readText(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}
