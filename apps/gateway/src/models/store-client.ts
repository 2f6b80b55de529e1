import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';

/** A worker that has not taken a connection after this counts as gone; ms. */
const CONNECT_TIMEOUT_MS = 5_000;

/** From then on a silent connection is asked whether the other end still exists; ms. */
const KEEP_ALIVE_MS = 10_000;

/** Characters of a refusal that are read. */
const LONGEST_REFUSAL = 10_000;

/** A body that is passed on as it comes. */
export interface Upload {
  /** Read to its end or, when the other side stops taking it, to there; never destroyed. */
  readonly body: Readable;
  readonly contentType: string;
  /** A sender of whom nothing comes for this long is cut off; ms. */
  readonly stallTimeoutMs: number;
  /** Bytes, when they are known. */
  readonly length?: number;
}

export interface StoreRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly path: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly upload?: Upload;
}

export interface StoreAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Ending the iteration hangs up. Fails when the worker breaks off. */
  readonly body: Readable;
}

export interface OpenStoreOptions extends StoreRequest {
  /** `http://host:port` */
  readonly storeUrl: string;
  readonly token: string;
  /** Hangs up. */
  readonly signal: AbortSignal;
}

/**
 * Sends one request to the store server of a worker, on a connection of its own.
 * @throws Error when there is no answer
 */
export async function openStore(options: OpenStoreOptions): Promise<StoreAnswer> {
  const { storeUrl, path, method, signal } = options;
  const url = new URL(path, storeUrl);
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const outgoing = send(url, { method, headers: headersOf(options), agent: false, signal });
  endWhenUnreachable(outgoing);
  const answer = new Promise<StoreAnswer>((resolve, reject) => {
    outgoing.once('response', (body) =>
      resolve({ status: body.statusCode ?? 0, headers: body.headers, body }),
    );
    // Stays for as long as the request, because an upload may fail after its answer has come.
    outgoing.on('error', reject);
  });
  answer.catch(() => undefined);
  await transmit(outgoing, options);
  return answer;
}

/** The sentence of an answer that refuses. Reads its body. */
export async function readRefusal({ body, status }: StoreAnswer): Promise<string> {
  let text = '';
  for await (const chunk of body) {
    text += String(chunk);
    if (text.length > LONGEST_REFUSAL) break;
  }
  return messageOf(text) ?? `a worker answered with status ${status}`;
}

/** The JSON object of an answer. @throws SyntaxError */
export async function readJson({ body }: StoreAnswer): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  if (typeof value !== 'object' || value === null) throw new SyntaxError('a worker answered with no object');
  return value as Readonly<Record<string, unknown>>;
}

function headersOf({ token, json, upload }: OpenStoreOptions): Record<string, string | number> {
  const authorization = { authorization: `Bearer ${token}` };
  if (json !== undefined) return { ...authorization, 'content-type': 'application/json' };
  if (upload === undefined) return authorization;
  const length = upload.length === undefined ? {} : { 'content-length': upload.length };
  return { ...authorization, 'content-type': upload.contentType, ...length };
}

function endWhenUnreachable(outgoing: ClientRequest): void {
  outgoing.once('socket', (socket) => {
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    if (!socket.connecting) return;
    const late = setTimeout(
      () => outgoing.destroy(new Error('the connection was not taken in time')),
      CONNECT_TIMEOUT_MS,
    );
    for (const event of ['connect', 'close']) socket.once(event, () => clearTimeout(late));
  });
}

/** Resolves when the body has been sent, or cannot be any further: then the answer, or its failure, tells why. */
async function transmit(outgoing: ClientRequest, { json, upload }: StoreRequest): Promise<void> {
  if (upload === undefined) {
    outgoing.end(json === undefined ? undefined : JSON.stringify(json));
    return;
  }
  const stopped = new AbortController();
  for (const event of ['response', 'close', 'error']) outgoing.once(event, () => stopped.abort());
  const { body, stallTimeoutMs } = upload;
  const stall = (): NodeJS.Timeout =>
    setTimeout(() => body.destroy(new Error('the client sent nothing for too long')), stallTimeoutMs);
  let stalled = stall();
  try {
    for await (const chunk of body.iterator({ destroyOnReturn: false })) {
      clearTimeout(stalled);
      if (stopped.signal.aborted) break;
      if (!outgoing.write(chunk)) await once(outgoing, 'drain', { signal: stopped.signal });
      stalled = stall();
    }
    outgoing.end();
  } catch (error) {
    // An answer before the end of the body is the answer; else the client has broken off, and so do we.
    if (!stopped.signal.aborted) outgoing.destroy(error as Error);
  } finally {
    clearTimeout(stalled);
  }
}

function messageOf(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    return typeof message === 'string' && message !== '' ? message : undefined;
  } catch {
    return undefined;
  }
}
