import { parseChallenges } from './challenge.js';
import type { SourceAccess } from './model-source.js';
import {
  RegistryAuthorization,
  type AuthorizationRequest,
  type CredentialsLookup,
} from './registry-authorization.js';
import { RegistryEndpoints, endpointUrl, type RegistryEndpoint } from './registry-endpoint.js';
import {
  RegistryExchange,
  discard,
  isStream,
  type ExchangeRequest,
  type RegistryResponse,
} from './registry-exchange.js';
import { exhausted } from './registry-failure.js';
import { DEFAULT_RETRY, TransientFailure, parseRetryAfter, retrying, type RetryPolicy } from './retry.js';
import { SourceError } from './source-error.js';

export { discard, type RegistryResponse } from './registry-exchange.js';

export interface RegistryOptions {
  /** Allows plain HTTP to every registry but Docker Hub; loopback, `localhost` and `*.local` always have it. */
  readonly insecure?: boolean;
  readonly credentials?: CredentialsLookup;
  /** Asked before Docker Hub, in order; see `parseMirrors`. They never get Docker Hub's credentials. */
  readonly mirrors?: readonly RegistryEndpoint[];
  /** Hosts of token servers that may be inside a private network; a registry's own host always may. */
  readonly trustedTokenHosts?: readonly string[];
  readonly retry?: RetryPolicy;
  /** A connection that sends nothing for so long counts as broken; ms. */
  readonly idleTimeout?: number;
  /** `User-Agent` header. */
  readonly userAgent?: string;
}

export interface RegistryRequest extends Omit<ExchangeRequest, 'signal'> {
  /** As references name it: `docker.io`, `localhost:5000`. */
  readonly registry: string;
  readonly repository: string;
  readonly actions: 'pull' | 'pull,push';
  /** Another repository of the registry that the request reads from: the source of a mount. */
  readonly alsoPull?: string;
  /** Below `/v2/<repository>/`, or a whole URL a registry gave us. */
  readonly target: string | URL;
  readonly access: SourceAccess;
}

/**
 * HTTP as registries speak it: authorization on demand, redirects by hand so that credentials stay with the registry
 * that asked for them, mirrors before Docker Hub, and retries of what is worth it. Answers of 400 to 499 other than
 * 401 and 429 are returned.
 */
export class RegistryHttp {
  private readonly exchange: RegistryExchange;
  private readonly authorization: RegistryAuthorization;
  private readonly endpoints: RegistryEndpoints;
  private readonly retry: RetryPolicy;

  constructor(options: RegistryOptions = {}) {
    this.exchange = new RegistryExchange({
      idleTimeout: options.idleTimeout ?? 60_000,
      userAgent: options.userAgent ?? 'longshore',
    });
    this.authorization = new RegistryAuthorization(options.credentials ?? (() => undefined), {
      trustedHosts: options.trustedTokenHosts ?? [],
    });
    this.endpoints = new RegistryEndpoints(options.insecure ?? false, options.mirrors ?? []);
    this.retry = options.retry ?? DEFAULT_RETRY;
  }

  /** Sends a request as often as the policy says. @throws SourceError; the signal's reason when aborted. */
  async send(registryRequest: RegistryRequest): Promise<RegistryResponse> {
    if (isStream(registryRequest.body)) return this.attempt(registryRequest);
    const { registry, access } = registryRequest;
    return this.retrying(registry, access, () => this.attempt(registryRequest));
  }

  /**
   * Sends a request once; a registry that asks for authorization gets it.
   * @throws TransientFailure, SourceError; the signal's reason when aborted.
   */
  async attempt(registryRequest: RegistryRequest): Promise<RegistryResponse> {
    registryRequest.access.signal?.throwIfAborted();
    const { registry, actions, target } = registryRequest;
    const reading = actions === 'pull' && typeof target === 'string';
    const endpoints = this.endpoints.of(registry, reading);
    for (const mirror of endpoints.slice(0, -1)) {
      const response = await this.tryMirror(registryRequest, mirror);
      if (response) return response;
    }
    const own = endpoints.at(-1);
    if (!own) throw new SourceError('invalid', `There is no registry ${registry}.`);
    return this.authorized(registryRequest, own);
  }

  /** Tries a piece of work of several requests again as the policy says. */
  async retrying<T>(
    registry: string,
    access: SourceAccess | AbortSignal | undefined,
    task: () => Promise<T>,
  ): Promise<T> {
    const { signal, attempts } = access instanceof AbortSignal ? { signal: access } : { ...access };
    const policy = attempts === undefined ? this.retry : { ...this.retry, attempts };
    try {
      return await retrying(policy, signal, task);
    } catch (error) {
      throw error instanceof TransientFailure ? exhausted(registry, error) : error;
    }
  }

  /** Ends all connections, also those in use. */
  async close(): Promise<void> {
    await Promise.all([this.exchange.close(), this.authorization.close()]);
  }

  /** Undefined when the mirror does not have it, does not let us, or fails: the next one is asked. */
  private async tryMirror(
    { access, ...rest }: RegistryRequest,
    mirror: RegistryEndpoint,
  ): Promise<RegistryResponse | undefined> {
    // A caller's token is for the registry and nobody else.
    const own: SourceAccess = access.signal ? { signal: access.signal } : {};
    try {
      const response = await this.authorized({ ...rest, access: own }, mirror);
      if (response.status < 300) return response;
      await discard(response);
    } catch (error) {
      access.signal?.throwIfAborted();
      if (!(error instanceof TransientFailure || error instanceof SourceError)) throw error;
      this.endpoints.rest(mirror);
    }
    return undefined;
  }

  private async authorized(
    registryRequest: RegistryRequest,
    endpoint: RegistryEndpoint,
  ): Promise<RegistryResponse> {
    const { target, repository, actions, access } = registryRequest;
    const url = typeof target === 'string' ? endpointUrl(endpoint, repository, target) : target;
    const who: AuthorizationRequest = {
      registry: endpoint.base,
      name: endpoint.name,
      scope: [
        `repository:${repository}:${actions}`,
        ...(registryRequest.alsoPull === undefined ? [] : [`repository:${registryRequest.alsoPull}:pull`]),
      ].join(' '),
      bearerToken: access.bearerToken,
      signal: access.signal,
    };
    const exchange: ExchangeRequest = { ...registryRequest, signal: access.signal };
    const own = url.origin === endpoint.base.origin;
    const known = own ? this.authorization.current(who) : undefined;
    const response = await this.exchange.send(exchange, url, known);
    if (response.status !== 401 || response.url.origin !== endpoint.base.origin)
      return checkTransient(response);

    await discard(response);
    const challenges = parseChallenges(response.headers['www-authenticate'] ?? '');
    const header = await this.authorization.answer(who, challenges, known);
    if (isStream(registryRequest.body))
      throw new TransientFailure('it asked for authorization in the middle');
    const second = await this.exchange.send(exchange, url, header);
    if (second.status === 401) this.authorization.forget(who);
    return checkTransient(second);
  }
}

async function checkTransient(response: RegistryResponse): Promise<RegistryResponse> {
  if (response.status !== 429 && response.status < 500) return response;
  await discard(response);
  const retryAfter = parseRetryAfter(response.headers['retry-after'], Date.now());
  throw new TransientFailure(`${response.url.host} answered ${response.status}`, retryAfter);
}
