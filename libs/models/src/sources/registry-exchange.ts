import type { Readable } from 'node:stream';
import { Agent, request, type Dispatcher } from 'undici';
import { networkFailure } from './registry-failure.js';
import { SourceError } from './source-error.js';

/** One request of a registry's API, whoever it goes to. */
export interface ExchangeRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is sent once and never again: authorize with another request first. */
  readonly body?: Buffer | Readable;
  readonly signal: AbortSignal | undefined;
}

export interface RegistryResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /** Must be read to its end, dumped or destroyed. */
  readonly body: Dispatcher.ResponseData['body'];
}

export interface ExchangeOptions {
  /** A connection that sends nothing for so long counts as broken; ms. */
  readonly idleTimeout: number;
  readonly userAgent: string;
}

/** A registry may check and move what it got before it answers. */
const UPLOAD_TIMEOUT_MS = 300_000;
const CONNECT_TIMEOUT_MS = 15_000;
/** To one server. More than ever arrive at once, so that small requests do not wait behind blobs. */
const CONNECTIONS = 24;
const REDIRECT_LIMIT = 10;
const REDIRECTS = [301, 302, 303, 307, 308];

/** Sends requests and follows redirects by hand, so that credentials stay with whom they are for. */
export class RegistryExchange {
  private readonly agent: Agent;

  constructor(private readonly options: ExchangeOptions) {
    this.agent = new Agent({
      connections: CONNECTIONS,
      headersTimeout: options.idleTimeout,
      bodyTimeout: options.idleTimeout,
      connect: { timeout: CONNECT_TIMEOUT_MS },
    });
  }

  /**
   * `authorization` goes to the origin of `target` only; all other headers travel along.
   * @throws SourceError, TransientFailure; the signal's reason.
   */
  async send(
    exchange: ExchangeRequest,
    target: URL,
    authorization: string | undefined,
  ): Promise<RegistryResponse> {
    let url = target;
    for (let hop = 0; hop <= REDIRECT_LIMIT; hop += 1) {
      const own = url.origin === target.origin;
      const response = await this.sendOnce(exchange, url, own ? authorization : undefined);
      const location = response.headers['location'];
      const redirected = REDIRECTS.includes(response.status) && location !== undefined;
      if (!redirected || (exchange.method !== 'GET' && exchange.method !== 'HEAD')) return response;
      await discard(response);
      url = redirectTarget(url, location);
    }
    throw new SourceError('failed', `The registry ${target.host} redirects in circles.`);
  }

  /** Ends all connections, also those in use. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async sendOnce(
    { method, headers, body, signal }: ExchangeRequest,
    url: URL,
    authorization: string | undefined,
  ): Promise<RegistryResponse> {
    try {
      const response = await request(url, {
        dispatcher: this.agent,
        method,
        headers: {
          'user-agent': this.options.userAgent,
          ...headers,
          ...(authorization !== undefined && { authorization }),
        },
        ...(body !== undefined && { body }),
        ...(isStream(body) && { headersTimeout: UPLOAD_TIMEOUT_MS }),
        ...(signal && { signal }),
      });
      return { status: response.statusCode, headers: single(response.headers), url, body: response.body };
    } catch (error) {
      signal?.throwIfAborted();
      throw networkFailure(error, url.host);
    }
  }
}

/** Reads what is left of an answer nobody wants, so that its connection can serve again. */
export async function discard(response: RegistryResponse): Promise<void> {
  await response.body.dump({ limit: 128 * 1024 }).catch(() => undefined);
}

export function isStream(body: Buffer | Readable | undefined): body is Readable {
  return body !== undefined && !Buffer.isBuffer(body);
}

/** @throws SourceError for what must not be followed. */
function redirectTarget(from: URL, location: string): URL {
  const next = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (!next || !['http:', 'https:'].includes(next.protocol)) {
    throw new SourceError('failed', `The registry ${from.host} redirects to an address that is no URL.`);
  }
  if (from.protocol === 'https:' && next.protocol === 'http:') {
    throw new SourceError('failed', `${from.host} redirects from https to http, which was refused.`);
  }
  return next;
}

function single(headers: Record<string, string | string[] | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}
