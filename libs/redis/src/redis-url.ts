/** Where one Redis, sentinel or cluster node listens. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** What a Redis wants to know of whoever connects. */
export interface RedisAccess {
  readonly username?: string;
  readonly password?: string;
  readonly tls?: object;
}

/** What a Redis URL points at. */
export type RedisLocation = RedisAccess &
  (
    | (HostPort & { readonly kind: 'server'; readonly db?: number })
    | { readonly kind: 'socket'; readonly path: string; readonly db?: number }
    | {
        readonly kind: 'sentinel';
        readonly sentinels: readonly HostPort[];
        /** What the sentinels call the primary. */
        readonly name: string;
        readonly db?: number;
      }
    | { readonly kind: 'cluster'; readonly nodes: readonly HostPort[] }
  );

const DEFAULT_PORT = 6379;
const SENTINEL_PORT = 26379;

/**
 * Reads `redis://`, `rediss://`, `unix://`, `redis+sentinel://h1:26379,h2:26379/name/db` and
 * `redis+cluster://h1:7000,h2:7001`; the last two with `rediss` as well.
 * @throws TypeError that says what is wrong and shows nothing of the URL, which may hold a password
 */
export function parseRedisUrl(url: string): RedisLocation {
  const parts = /^([a-z+]+):\/\/(?:([^@]*)@)?([^/?#@]*)(\/[^?#]*)?(?:\?([^#]*))?$/i.exec(url);
  const [, scheme = '', credentials = '', hosts = '', path = '', query = ''] = parts ?? [];
  const access = accessOf(scheme.startsWith('rediss'), credentials);
  switch (scheme.toLowerCase()) {
    case 'unix':
      return { kind: 'socket', path: decode(path), ...access, ...databaseOf(databaseInQuery(query)) };
    case 'redis':
    case 'rediss':
      refuseQuery(query);
      return {
        kind: 'server',
        ...(hosts === '' ? { host: '127.0.0.1', port: DEFAULT_PORT } : hostPort(hosts, DEFAULT_PORT)),
        ...access,
        ...databaseOf(path.slice(1)),
      };
    case 'redis+sentinel':
    case 'rediss+sentinel':
      refuseQuery(query);
      return {
        kind: 'sentinel',
        sentinels: hostPorts(hosts, SENTINEL_PORT),
        ...primaryOf(path),
        ...access,
      };
    case 'redis+cluster':
    case 'rediss+cluster':
      refuseQuery(query);
      if (path.length > 1)
        throw new TypeError('a Redis Cluster has no databases: nothing may follow its hosts');
      return { kind: 'cluster', nodes: hostPorts(hosts, DEFAULT_PORT), ...access };
    default:
      throw new TypeError(
        'a Redis URL begins with redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://',
      );
  }
}

function accessOf(encrypted: boolean, credentials: string): RedisAccess {
  const [username = '', ...rest] = credentials.split(':');
  const password = rest.join(':');
  return {
    ...(username ? { username: decode(username) } : {}),
    ...(password ? { password: decode(password) } : {}),
    ...(encrypted ? { tls: {} } : {}),
  };
}

function hostPorts(text: string, defaultPort: number): readonly HostPort[] {
  return text.split(',').map((one) => hostPort(one, defaultPort));
}

function hostPort(text: string, defaultPort: number): HostPort {
  const [, ipv6, name, port] = /^(?:\[([0-9a-f:.]+)\]|([^:[\],\s]+))(?::(\d+))?$/i.exec(text) ?? [];
  const host = ipv6 ?? name;
  const number = Number(port ?? defaultPort);
  if (host === undefined || number < 1 || number > 65_535)
    throw new TypeError('the hosts of a Redis URL are written host:port or [IPv6 address]:port');
  return { host, port: number };
}

function primaryOf(path: string): { readonly name: string; readonly db?: number } {
  const [, name = '', database = '', ...rest] = path.split('/');
  if (name === '' || rest.length > 0)
    throw new TypeError(
      'a redis+sentinel:// URL names the primary after its hosts, as in redis+sentinel://host1:26379,host2:26379/mymaster/0',
    );
  return { name: decode(name), ...databaseOf(database) };
}

function databaseInQuery(query: string): string {
  const [, number] = /^(?:db=(.*))?$/.exec(query) ?? [];
  if (number === undefined && query !== '') refuseQuery(query);
  return number ?? '';
}

function databaseOf(text: string): { readonly db?: number } {
  if (text === '') return {};
  if (!/^\d{1,5}$/.test(text)) throw new TypeError('the database of a Redis URL is a number');
  return { db: Number(text) };
}

function refuseQuery(query: string): void {
  if (query !== '') throw new TypeError('a Redis URL takes no options but ?db= after unix://');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError('a Redis URL holds a % that begins no character code; write %25 for a percent sign');
  }
}
