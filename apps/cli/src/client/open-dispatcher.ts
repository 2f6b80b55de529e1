import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';

/** What stands between this machine and the servers it asks. */
export interface Proxies {
  /** Empty = none. */
  readonly http: string;
  readonly https: string;
  /** Hosts that are asked directly, separated by commas. */
  readonly none: string;
}

export interface DispatcherOptions {
  readonly proxies: Proxies;
  readonly socketPath?: string;
  /** PEM; takes the place of the authorities of the system. */
  readonly authority?: string;
  readonly skipVerify?: boolean;
}

/** Never asked through a proxy. */
const LOCAL = 'localhost,127.0.0.1,[::1]';

/** Connections without a limit on how long an answer may take. The caller ends them. */
export function openDispatcher(options: DispatcherOptions): Dispatcher {
  const { proxies, socketPath, authority, skipVerify = false } = options;
  const patience = { headersTimeout: 0, bodyTimeout: 0 } as const;
  if (socketPath !== undefined) return new Agent({ ...patience, connect: { socketPath } });
  const tls = {
    ...(skipVerify ? { rejectUnauthorized: false } : {}),
    ...(authority === undefined ? {} : { ca: authority }),
  };
  return new EnvHttpProxyAgent({
    ...patience,
    connect: tls,
    requestTls: tls,
    httpProxy: proxies.http,
    httpsProxy: proxies.https === '' ? proxies.http : proxies.https,
    noProxy: proxies.none === '' ? LOCAL : `${LOCAL},${proxies.none}`,
  });
}
