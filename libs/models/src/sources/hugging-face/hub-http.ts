import { Agent, request, type Dispatcher } from 'undici';
import type { SourceAccess } from '../model-source.js';
import { networkFailure } from '../registry-failure.js';
import { DEFAULT_RETRY, TransientFailure, parseRetryAfter, retrying, type RetryPolicy } from '../retry.js';
import { SourceError } from '../source-error.js';
import { hubFailure } from './hub-failure.js';

export interface HubOptions {
  /** Server that is asked in place of https://huggingface.co; may have a path. */
  readonly endpoint?: string;
  /** The operator's token, for callers who bring none. */
  readonly token?: string;
  readonly retry?: RetryPolicy;
  /** A connection that sends nothing for so long counts as broken; ms. */
  readonly idleTimeout?: number;
  /** `User-Agent` header. */
  readonly userAgent?: string;
}

export interface HubRequest {
  /** Below the endpoint, or a whole URL the Hub gave us. */
  readonly target: string | URL;
  /** `org/repo`, for messages. */
  readonly repository: string;
  readonly access: SourceAccess;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HubResponse {
  /** 200 or 206. */
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /** Must be read to its end, dumped or destroyed. */
  readonly body: Dispatcher.ResponseData['body'];
}

/** Asked where no other is configured. */
export const HUB_ENDPOINT = 'https://huggingface.co';
const REDIRECT_LIMIT = 10;
const REDIRECTS = [301, 302, 303, 307, 308];

/** HTTP as the Hub speaks it. The token goes to the endpoint alone, never to the storage it redirects to. */
export class HubHttp {
  /** Ends with `/`. */
  readonly endpoint: URL;
  private readonly agent: Agent;

  /** @throws SourceError `invalid` when the endpoint is not a URL. */
  constructor(private readonly options: HubOptions = {}) {
    this.endpoint = readEndpoint(options.endpoint ?? HUB_ENDPOINT);
    const idle = options.idleTimeout ?? 60_000;
    this.agent = new Agent({
      connections: 16,
      headersTimeout: idle,
      bodyTimeout: idle,
      connect: { timeout: 15_000 },
    });
  }

  /**
   * Sends a GET once and follows its redirects.
   * @throws TransientFailure when another try may succeed; SourceError when none will; the signal's reason.
   */
  async get(hubRequest: HubRequest): Promise<HubResponse> {
    const { target, access } = hubRequest;
    access.signal?.throwIfAborted();
    const token = access.bearerToken ?? this.options.token;
    let url = typeof target === 'string' ? new URL(target, this.endpoint) : target;
    for (let hop = 0; hop <= REDIRECT_LIMIT; hop += 1) {
      const home = url.origin === this.endpoint.origin;
      const response = await this.send(hubRequest, url, home ? token : undefined);
      const location = response.headers['location'];
      if (!REDIRECTS.includes(response.status) || location === undefined) {
        return await this.accept(response, hubRequest, token !== undefined);
      }
      await discard(response);
      url = nextUrl(url, location);
    }
    throw new SourceError('failed', 'Hugging Face redirects in circles.');
  }

  /** Tries a piece of work again as the policy says. @throws SourceError; the signal's reason. */
  async retrying<T>(access: SourceAccess, task: () => Promise<T>): Promise<T> {
    const policy = this.options.retry ?? DEFAULT_RETRY;
    const attempts = access.attempts ?? policy.attempts;
    try {
      return await retrying({ ...policy, attempts }, access.signal, task);
    } catch (error) {
      if (!(error instanceof TransientFailure)) throw error;
      throw new SourceError('failed', `Hugging Face failed: ${error.message}.`, {
        cause: error.cause ?? error,
        unreachable: true,
      });
    }
  }

  /** Ends all connections, also those in use. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async send(
    { headers, access }: HubRequest,
    url: URL,
    token: string | undefined,
  ): Promise<HubResponse> {
    try {
      const response = await request(url, {
        dispatcher: this.agent,
        method: 'GET',
        headers: {
          'user-agent': this.options.userAgent ?? 'longshore',
          'accept-encoding': 'identity',
          ...headers,
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        ...(access.signal && { signal: access.signal }),
      });
      // Whoever reads sees the error too; without a listener one that comes when nobody reads ends the process.
      response.body.on('error', () => undefined);
      return { status: response.statusCode, headers: single(response.headers), url, body: response.body };
    } catch (error) {
      access.signal?.throwIfAborted();
      throw networkFailure(error, url.host);
    }
  }

  private async accept(
    response: HubResponse,
    { repository }: HubRequest,
    authorized: boolean,
  ): Promise<HubResponse> {
    const { status, headers, url } = response;
    if (status === 200 || status === 206) return response;
    await discard(response);
    // Links to storage are signed and expire: the Hub gives a new one for the next try.
    const elsewhere = url.origin !== this.endpoint.origin;
    if (status === 429 || status >= 500 || elsewhere) {
      const retryAfter = parseRetryAfter(headers['retry-after'], Date.now());
      throw new TransientFailure(`${url.host} answered ${status}`, retryAfter);
    }
    throw hubFailure({
      status,
      code: headers['x-error-code'],
      repository,
      endpoint: this.endpoint,
      authorized,
    });
  }
}

/** Reads what is left of an answer nobody wants, so that its connection can serve again. */
async function discard(response: HubResponse): Promise<void> {
  await response.body.dump({ limit: 128 * 1024 }).catch(() => undefined);
}

function nextUrl(from: URL, location: string): URL {
  const next = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (!next || !['http:', 'https:'].includes(next.protocol)) {
    throw new SourceError('failed', `${from.host} redirects to an address that is no URL.`);
  }
  if (from.protocol === 'https:' && next.protocol === 'http:') {
    throw new SourceError('failed', `${from.host} redirects from https to http, which was refused.`);
  }
  return next;
}

function readEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw new SourceError('invalid', 'The endpoint of Hugging Face must be a URL with http or https.');
  }
  return new URL(`${url.origin}${url.pathname.replace(/\/*$/, '/')}`);
}

function single(headers: Record<string, string | string[] | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}
