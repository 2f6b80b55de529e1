import { Agent, request, type Dispatcher } from 'undici';
import type { Readable } from 'node:stream';
import { parseChallenges } from './challenge.js';
import {
  RegistryAuthorization,
  type AuthorizationRequest,
  type CredentialsLookup,
} from './registry-authorization.js';
import { registryUrl } from './registry-address.js';
import { DEFAULT_RETRY, TransientFailure, parseRetryAfter, retrying, type RetryPolicy } from './retry.js';
import { SourceError } from './source-error.js';
import type { SourceAccess } from './model-source.js';

export interface RegistryOptions {
  /** Allows plain HTTP to every registry but Docker Hub; loopback, `localhost` and `*.local` always have it. */
  readonly insecure?: boolean;
  readonly credentials?: CredentialsLookup;
  readonly retry?: RetryPolicy;
  /** A connection that sends nothing for so long counts as broken; ms. */
  readonly idleTimeout?: number;
  /** `User-Agent` header. */
  readonly userAgent?: string;
}

export interface RegistryRequest {
  /** As references name it: `docker.io`, `localhost:5000`. */
  readonly registry: string;
  readonly repository: string;
  readonly actions: 'pull' | 'pull,push';
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  /** Below `/v2/<repository>/`, or a whole URL a registry gave us. */
  readonly target: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is sent once and never again: authorize with another request first. */
  readonly body?: Buffer | Readable;
  readonly access: SourceAccess;
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

/** A registry may check and move what it got before it answers. */
const UPLOAD_TIMEOUT_MS = 300_000;
const REDIRECT_LIMIT = 10;
const REDIRECTS = [301, 302, 303, 307, 308];
/** Mistakes of set-up: trying again changes nothing. */
const PERMANENT =
  /^(?:ENOTFOUND|ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|UND_ERR_INVALID)/;

/**
 * HTTP as registries speak it: authorization on demand, redirects by hand so that credentials stay with the registry
 * that asked for them, and retries of what is worth it. Answers of 400 to 499 other than 401 and 429 are returned.
 */
export class RegistryHttp {
  private readonly agent: Agent;
  private readonly authorization: RegistryAuthorization;
  private readonly retry: RetryPolicy;

  constructor(private readonly options: RegistryOptions = {}) {
    const idle = options.idleTimeout ?? 60_000;
    this.agent = new Agent({
      connections: 16,
      headersTimeout: idle,
      bodyTimeout: idle,
      connect: { timeout: 15_000 },
    });
    this.authorization = new RegistryAuthorization(options.credentials ?? (() => undefined));
    this.retry = options.retry ?? DEFAULT_RETRY;
  }

  /** @throws SourceError; the signal's reason when aborted. */
  async send(registryRequest: RegistryRequest): Promise<RegistryResponse> {
    const { signal } = registryRequest.access;
    signal?.throwIfAborted();
    const once = isStream(registryRequest.body);
    try {
      if (once) return await this.authorized(registryRequest);
      return await retrying(this.retry, signal, () => this.authorized(registryRequest));
    } catch (error) {
      if (error instanceof TransientFailure && !once) {
        throw new SourceError(
          'failed',
          `The registry ${registryRequest.registry} failed: ${error.message}.`,
          {
            cause: error.cause,
          },
        );
      }
      throw error;
    }
  }

  /** Tries a piece of work of several requests again as the policy says. */
  async retrying<T>(registry: string, signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    try {
      return await retrying(this.retry, signal, task);
    } catch (error) {
      if (!(error instanceof TransientFailure)) throw error;
      throw new SourceError('failed', `The registry ${registry} failed: ${error.message}.`, {
        cause: error.cause,
      });
    }
  }

  /** Ends all connections, also those in use. */
  async close(): Promise<void> {
    await Promise.all([this.agent.destroy(), this.authorization.close()]);
  }

  private async authorized(registryRequest: RegistryRequest): Promise<RegistryResponse> {
    const base = registryUrl(registryRequest.registry, this.options.insecure ?? false);
    const authorizationRequest: AuthorizationRequest = {
      registry: base,
      name: registryRequest.registry,
      scope: `repository:${registryRequest.repository}:${registryRequest.actions}`,
      bearerToken: registryRequest.access.bearerToken,
      signal: registryRequest.access.signal,
    };
    const known = this.authorization.current(authorizationRequest);
    const response = await this.follow(registryRequest, base, known);
    if (response.status !== 401 || response.url.origin !== base.origin) return checkTransient(response);

    await discard(response);
    this.authorization.forget(authorizationRequest);
    const challenges = parseChallenges(response.headers['www-authenticate'] ?? '');
    const header = await this.authorization.answer(authorizationRequest, challenges);
    if (isStream(registryRequest.body))
      throw new TransientFailure('it asked for authorization in the middle');
    const second = await this.follow(registryRequest, base, header);
    if (second.status === 401) this.authorization.forget(authorizationRequest);
    return checkTransient(second);
  }

  /** `Authorization` goes to the registry's own origin only; all other headers travel along. */
  private async follow(
    registryRequest: RegistryRequest,
    base: URL,
    authorization: string | undefined,
  ): Promise<RegistryResponse> {
    const { target, repository, method } = registryRequest;
    let url = typeof target === 'string' ? new URL(`/v2/${repository}/${target}`, base) : target;
    for (let hop = 0; hop <= REDIRECT_LIMIT; hop += 1) {
      const response = await this.sendOnce(
        registryRequest,
        url,
        url.origin === base.origin ? authorization : undefined,
      );
      const location = response.headers['location'];
      const redirected = REDIRECTS.includes(response.status) && location !== undefined;
      if (!redirected || (method !== 'GET' && method !== 'HEAD')) return response;
      await discard(response);
      const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
      if (!next || !['http:', 'https:'].includes(next.protocol)) {
        throw new SourceError(
          'failed',
          `The registry ${registryRequest.registry} redirects to an address that is no URL.`,
        );
      }
      if (url.protocol === 'https:' && next.protocol === 'http:') {
        throw new SourceError('failed', `${url.host} redirects from https to http, which was refused.`);
      }
      url = next;
    }
    throw new SourceError('failed', `The registry ${registryRequest.registry} redirects in circles.`);
  }

  private async sendOnce(
    { method, headers, body, access }: RegistryRequest,
    url: URL,
    authorization: string | undefined,
  ): Promise<RegistryResponse> {
    try {
      const response = await request(url, {
        dispatcher: this.agent,
        method,
        headers: {
          'user-agent': this.options.userAgent ?? 'longshore',
          ...headers,
          ...(authorization !== undefined && { authorization }),
        },
        ...(body !== undefined && { body }),
        ...(isStream(body) && { headersTimeout: UPLOAD_TIMEOUT_MS }),
        ...(access.signal && { signal: access.signal }),
      });
      return { status: response.statusCode, headers: single(response.headers), url, body: response.body };
    } catch (error) {
      access.signal?.throwIfAborted();
      throw networkFailure(error, url.host);
    }
  }
}

/** Reads what is left of an answer nobody wants, so that its connection can serve again. */
export async function discard(response: RegistryResponse): Promise<void> {
  await response.body.dump({ limit: 128 * 1024 }).catch(() => undefined);
}

/** The failure of a connection: transient, unless the set-up is at fault. */
export function networkFailure(error: unknown, host: string): Error {
  const code = errorCode(error);
  const message = `${host} could not be reached (${code})`;
  if (PERMANENT.test(code))
    return new SourceError('failed', `The registry failed: ${message}.`, { cause: error });
  return new TransientFailure(message, undefined, { cause: error });
}

async function checkTransient(response: RegistryResponse): Promise<RegistryResponse> {
  if (response.status !== 429 && response.status < 500) return response;
  await discard(response);
  const retryAfter = parseRetryAfter(response.headers['retry-after'], Date.now());
  throw new TransientFailure(`${response.url.host} answered ${response.status}`, retryAfter);
}

function errorCode(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code;
  return error instanceof Error ? error.message : String(error);
}

function single(headers: Record<string, string | string[] | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

function isStream(body: Buffer | Readable | undefined): body is Readable {
  return body !== undefined && !Buffer.isBuffer(body);
}
