/** Pages of this machine may always ask. */
const LOCAL_HOSTS = ['localhost', '127.0.0.1', '0.0.0.0'];

const ANY_PORT = ':*';

/** Which web pages may ask the gateway, by their origin: `scheme://host`, with a port where it is not the usual one. */
export class OriginRules {
  private readonly exact = new Set<string>();
  /** `scheme://host` of those that may have any port. */
  private readonly anyPort = new Set<string>();
  private readonly all: boolean;

  /** @param listed origins, each also with `:*` for any port; `*` stands for all of them */
  constructor(listed: readonly string[]) {
    this.all = listed.includes('*');
    const local = LOCAL_HOSTS.flatMap((host) => [`http://${host}:*`, `https://${host}:*`]);
    for (const entry of [...local, ...listed]) this.add(entry.toLowerCase().replace(/\/$/, ''));
  }

  allows(origin: string): boolean {
    if (this.all) return true;
    const wanted = origin.toLowerCase();
    return this.exact.has(wanted) || this.anyPort.has(wanted.replace(/:\d{1,5}$/, ''));
  }

  private add(entry: string): void {
    if (entry.endsWith(ANY_PORT)) this.anyPort.add(entry.slice(0, -ANY_PORT.length));
    else this.exact.add(entry);
  }
}
