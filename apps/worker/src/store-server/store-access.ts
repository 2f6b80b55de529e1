import { isStoreToken, signStoreToken, type StoreSecret } from '#cluster';

/** Wrong tokens make us ask Redis at most this often; ms. */
const REREAD_INTERVAL_MS = 1_000;
const SCHEME = /^Bearer ([\w.]{1,128})$/;

/** What a worker shows at the store servers of others, and asks for at its own. Goes on while Redis is away. */
export class StoreAccess {
  private secret: string | undefined;
  private reading: Promise<string> | undefined;
  private readAt = -Infinity;

  constructor(private readonly secrets: Pick<StoreSecret, 'refresh'>) {}

  /** The `Authorization` header of one request. @throws LongshoreError `redis_unavailable` before the first answer */
  async authorization(): Promise<string> {
    return `Bearer ${signStoreToken(this.secret ?? (await this.read()), Date.now())}`;
  }

  /** Whether a header is of this cluster. Redis is asked again before a well-formed one is refused. */
  async accepts(header: string | undefined): Promise<boolean> {
    const token = SCHEME.exec(header ?? '')?.[1];
    if (token === undefined) return false;
    if (this.holds(token)) return true;
    return (await this.reread()) && this.holds(token);
  }

  /** For a token of ours that was refused. @returns true when there is another secret now */
  async reread(): Promise<boolean> {
    if (this.reading === undefined && performance.now() - this.readAt < REREAD_INTERVAL_MS) return false;
    const before = this.secret;
    return (await this.read().catch(() => before)) !== before;
  }

  private holds(token: string): boolean {
    return this.secret !== undefined && isStoreToken(this.secret, token, Date.now());
  }

  private read(): Promise<string> {
    this.readAt = performance.now();
    return (this.reading ??= this.secrets
      .refresh()
      .then((secret) => (this.secret = secret))
      .finally(() => (this.reading = undefined)));
  }
}
