import type { Challenge } from './challenge.js';
import { SourceError } from './source-error.js';
import { TokenClient, basicAuthorization, type RegistryCredentials } from './registry-token.js';

/** Who asks for what. */
export interface AuthorizationRequest {
  readonly registry: URL;
  /** Registry as references name it; credentials are looked up by it. */
  readonly name: string;
  /** `repository:ai/smollm2:pull`. */
  readonly scope: string;
  readonly bearerToken: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Credentials of the operator for one registry; they are sent to that registry and its token server only. */
export type CredentialsLookup = (registry: string) => RegistryCredentials | undefined;

/** Remembers one `Authorization` header a registry and scope, until it expires. */
export class RegistryAuthorization {
  private readonly tokens = new TokenClient();
  private readonly headers = new Map<string, { readonly header: string; readonly expires: number }>();

  constructor(private readonly credentials: CredentialsLookup) {}

  /** The header to send without being asked; undefined while the registry has asked for none. */
  current(request: AuthorizationRequest): string | undefined {
    if (request.bearerToken !== undefined) return `Bearer ${request.bearerToken}`;
    const known = this.headers.get(key(request));
    return known && known.expires > performance.now() ? known.header : undefined;
  }

  /**
   * Answers a registry that said 401.
   * @throws SourceError `unauthorized` when there is nothing (more) to offer; TransientFailure
   */
  async answer(request: AuthorizationRequest, challenges: readonly Challenge[]): Promise<string> {
    // A caller's own token was refused: falling back to the operator's account would act in another name.
    if (request.bearerToken !== undefined) throw unauthorized();
    const credentials = this.credentials(request.name);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer) {
      const token = await this.tokens.fetch({ ...request, challenge: bearer, credentials });
      return this.remember(request, `Bearer ${token.value}`, performance.now() + token.lifetime);
    }
    if (!credentials || !challenges.some(({ scheme }) => scheme === 'basic')) throw unauthorized();
    return this.remember(request, basicAuthorization(credentials), Number.POSITIVE_INFINITY);
  }

  /** Forgets a header the registry no longer takes. */
  forget(request: AuthorizationRequest): void {
    this.headers.delete(key(request));
  }

  async close(): Promise<void> {
    await this.tokens.close();
  }

  private remember(request: AuthorizationRequest, header: string, expires: number): string {
    const now = performance.now();
    for (const [name, entry] of this.headers) if (entry.expires <= now) this.headers.delete(name);
    this.headers.set(key(request), { header, expires });
    return header;
  }
}

export function unauthorized(): SourceError {
  return new SourceError('unauthorized', 'Unauthorized');
}

function key({ registry, scope }: AuthorizationRequest): string {
  return `${registry.origin} ${scope}`;
}
