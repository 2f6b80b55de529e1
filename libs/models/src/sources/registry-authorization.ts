import type { Challenge } from './challenge.js';
import { SourceError } from './source-error.js';
import { TokenClient, type TokenClientOptions } from './registry-token.js';
import { basicAuthorization, type RegistryCredentials } from './registry-credentials.js';

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
export type CredentialsLookup = (
  registry: string,
) => RegistryCredentials | undefined | Promise<RegistryCredentials | undefined>;

/** Remembers one `Authorization` header a registry and scope, until it expires. */
export class RegistryAuthorization {
  private readonly tokens: TokenClient;
  private readonly headers = new Map<string, { readonly header: string; readonly expires: number }>();
  /** Answers on their way: ranges that are refused together ask for one token. */
  private readonly answers = new Map<string, Promise<string>>();

  constructor(
    private readonly credentials: CredentialsLookup,
    options: TokenClientOptions,
  ) {
    this.tokens = new TokenClient(options);
  }

  /** The header to send without being asked; undefined while the registry has asked for none. */
  current(request: AuthorizationRequest): string | undefined {
    if (request.bearerToken !== undefined) return `Bearer ${request.bearerToken}`;
    const known = this.headers.get(key(request));
    return known && known.expires > performance.now() ? known.header : undefined;
  }

  /**
   * Answers a registry that said 401 to a request with the header `used`.
   * @throws SourceError `unauthorized` when there is nothing (more) to offer; TransientFailure; the signal's reason.
   */
  async answer(
    request: AuthorizationRequest,
    challenges: readonly Challenge[],
    used: string | undefined,
  ): Promise<string> {
    // A caller's own token was refused: falling back to the operator's account would act in another name.
    if (request.bearerToken !== undefined) throw unauthorized();
    const newer = this.current(request);
    if (newer !== undefined && newer !== used) return newer;
    this.forget(request);
    const name = key(request);
    let answer = this.answers.get(name);
    if (!answer) {
      answer = this.ask(request, challenges).finally(() => this.answers.delete(name));
      this.answers.set(name, answer);
    }
    return unlessAborted(answer, request.signal);
  }

  /** Forgets a header the registry no longer takes. */
  forget(request: AuthorizationRequest): void {
    this.headers.delete(key(request));
  }

  async close(): Promise<void> {
    await this.tokens.close();
  }

  private async ask(request: AuthorizationRequest, challenges: readonly Challenge[]): Promise<string> {
    const { registry, scope, name } = request;
    const credentials = await this.credentials(name);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer) {
      const token = await this.tokens.fetch({ registry, scope, challenge: bearer, credentials });
      return this.remember(request, `Bearer ${token.value}`, performance.now() + token.lifetime);
    }
    const basic = challenges.some(({ scheme }) => scheme === 'basic');
    if (!credentials || !basic || 'identityToken' in credentials) throw unauthorized();
    return this.remember(request, basicAuthorization(credentials), Number.POSITIVE_INFINITY);
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
  return `${registry.href} ${scope}`;
}

/** Leaves shared work to the others when one caller goes. */
async function unlessAborted<T>(task: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return task;
  signal.throwIfAborted();
  let leave: (() => void) | undefined;
  const gone = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([task, gone]);
  } finally {
    if (leave) signal.removeEventListener('abort', leave);
  }
}
