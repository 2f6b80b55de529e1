import { readFileSync } from 'node:fs';
import type { ClientConfig } from '../client-config.js';
import { wrongUsage } from '../command-failure.js';
import type { Proxies } from './open-dispatcher.js';

/** Where a gateway is and how to talk to it. */
export interface GatewayTarget {
  /** Scheme, host and port: `http://127.0.0.1:12434`; `http://localhost` for a socket. */
  readonly origin: string;
  /** Stands before every path; empty, or `/k/lsk_…` without a slash at its end. */
  readonly prefix: string;
  /** For people: without credentials. */
  readonly shown: string;
  /** Value of the header. */
  readonly authorization?: string;
  readonly socketPath?: string;
  /** PEM. */
  readonly authority?: string;
  readonly skipVerify: boolean;
  readonly proxies: Proxies;
}

const DEFAULT_URL = 'http://127.0.0.1:12434';

type TargetConfig = Pick<
  ClientConfig,
  'modelRunnerHost' | 'url' | 'apiKey' | 'tls' | 'tlsCaCert' | 'tlsSkipVerify' | 'proxies'
>;

/**
 * `--host` over MODEL_RUNNER_HOST over LONGSHORE_URL over the port a cluster listens on by itself. A path of the
 * address stays in front of every path; `user:password@` becomes Basic authentication unless there is a key.
 * @throws CommandFailure that says which of them is not an address
 */
export function resolveTarget(
  options: { readonly host?: string; readonly apiKey?: string },
  config: TargetConfig,
): GatewayTarget {
  const [name, text] = chooseAddress(options.host, config);
  const key = options.apiKey ?? config.apiKey;
  const tls = config.tlsCaCert === '' ? {} : { authority: readAuthority(config.tlsCaCert) };
  const common = { ...tls, skipVerify: config.tlsSkipVerify, proxies: config.proxies };
  const bearer = key === '' ? {} : { authorization: `Bearer ${checkKey(key)}` };
  if (text.startsWith('unix://')) return socketTarget(name, text, { ...common, ...bearer });

  const url = readUrl(name, text, config.tls);
  const basic = url.username === '' && url.password === '' ? {} : { authorization: basicOf(url) };
  const prefix = url.pathname.replace(/\/+$/, '');
  return {
    origin: url.origin,
    prefix,
    shown: `${url.origin}${hideKey(prefix)}`,
    ...common,
    ...basic,
    ...bearer,
  };
}

function chooseAddress(host: string | undefined, config: TargetConfig): [string, string] {
  if (host !== undefined) return ['--host', host.trim()];
  if (config.modelRunnerHost !== '') return ['MODEL_RUNNER_HOST', config.modelRunnerHost.trim()];
  if (config.url !== '') return ['LONGSHORE_URL', config.url.trim()];
  return ['the address', DEFAULT_URL];
}

function socketTarget(
  name: string,
  text: string,
  rest: Pick<GatewayTarget, 'authorization' | 'authority' | 'skipVerify' | 'proxies'>,
): GatewayTarget {
  const socketPath = decodeURIComponent(text.slice('unix://'.length));
  if (!socketPath.startsWith('/'))
    throw wrongUsage(`${name} must name a socket by its full path, such as unix:///run/longshore.sock.`);
  return { origin: 'http://localhost', prefix: '', shown: `unix://${socketPath}`, socketPath, ...rest };
}

function readUrl(name: string, text: string, tls: boolean): URL {
  const whole = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `${tls ? 'https' : 'http'}://${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  if (url !== undefined && url.hostname !== '' && /^https?:$/.test(url.protocol)) return url;
  throw wrongUsage(
    `${name} must be an address such as http://gateway:12434, gateway:12434 or unix:///run/longshore.sock; it cannot be read as one.`,
  );
}

function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw wrongUsage(`MODEL_RUNNER_TLS_CA_CERT names a file that cannot be read: ${reason}.`);
  }
}

/** A header cannot carry everything that a person may paste. */
function checkKey(key: string): string {
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw wrongUsage('The API key has characters that no key has; give it without blanks and line breaks.');
}

function basicOf({ username, password }: URL): string {
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** A key in the path is a credential. */
function hideKey(prefix: string): string {
  return prefix.replace(/\/k\/[^/]+/, '/k/…');
}
