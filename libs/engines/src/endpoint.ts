import { request as requestPlain, type ClientRequest, type RequestOptions } from 'node:http';
import { request as requestSecure } from 'node:https';
import { connect, type Socket } from 'node:net';

/** A program of this machine, without key and TLS: at a unix socket or a port. */
export type LocalEndpoint =
  { readonly socketPath: string } | { readonly host: string; readonly port: number };

/** A server that somebody else runs. */
export interface RemoteEndpoint {
  /** `http:` or `https:`; routes such as `/v1/models` are put behind its path. Has no secret in it. */
  readonly url: string;
  /** Sent with every request; may hold a key, so never to be logged. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Where a session answers the OpenAI HTTP API. */
export type Endpoint = LocalEndpoint | RemoteEndpoint;

/** Not said in the `host` header. */
const HTTP_PORT = 80;

interface RequestWishes extends RequestOptions {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | number>>;
}

/** Opens a request on a connection of its own. Redirects are answers like any other. */
export function requestAt(endpoint: Endpoint, options: RequestWishes): ClientRequest {
  if (!('url' in endpoint)) return requestLocally(endpoint, options);
  const { path, headers, ...rest } = options;
  const open = endpoint.url.startsWith('https:') ? requestSecure : requestPlain;
  return open(`${endpoint.url}${path}`, {
    ...rest,
    agent: false,
    headers: { ...headers, ...endpoint.headers },
  });
}

/**
 * Without an agent: one that keeps no connection would be made for each request, and would do nothing but open one, at
 * a tenth of what a short request costs.
 */
function requestLocally(endpoint: LocalEndpoint, options: RequestWishes): ClientRequest {
  const createConnection = (): Socket =>
    'socketPath' in endpoint ? connect(endpoint.socketPath) : connect({ ...endpoint, noDelay: true });
  return requestPlain({ ...endpoint, ...options, defaultPort: HTTP_PORT, createConnection });
}
