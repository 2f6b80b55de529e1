import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, request, type Dispatcher } from 'undici';
import { isRecord } from '../formats/json.js';
import type { Challenge } from './challenge.js';
import { isPrivateAddress } from './registry-address.js';
import { basicAuthorization, type RegistryCredentials } from './registry-credentials.js';
import { SourceError } from './source-error.js';
import { parseRetryAfter, TransientFailure } from './retry.js';

export interface TokenRequest {
  readonly challenge: Challenge;
  /** Host and port of the registry that sent the challenge. */
  readonly registry: URL;
  /** `repository:ai/smollm2:pull`, or several of them with spaces between. */
  readonly scope: string;
  readonly credentials: RegistryCredentials | undefined;
}

export interface TokenClientOptions {
  /** Hosts of token servers that may be inside a private network. */
  readonly trustedHosts: readonly string[];
}

export interface Token {
  readonly value: string;
  /** ms for which it may be used. */
  readonly lifetime: number;
}

const DEFAULT_LIFETIME_S = 60;
const TOKEN_LIMIT = 1024 * 1024;
const TIMEOUT_MS = 30_000;

/**
 * Gets tokens from the server a registry names in its challenge. That name is input from outside: unless it is the
 * registry's own host or one the operator trusts, a server inside a private network is refused, checked at the moment of
 * connecting.
 */
export class TokenClient {
  private readonly guarded = new Agent({ connect: { lookup: lookupPublic } });
  private readonly direct = new Agent();

  constructor(private readonly options: TokenClientOptions) {}

  /** @throws SourceError, TransientFailure */
  async fetch(tokenRequest: TokenRequest): Promise<Token> {
    const realm = readRealm(tokenRequest);
    const own = realm.hostname === tokenRequest.registry.hostname;
    const trusted = own || this.options.trustedHosts.includes(realm.hostname);
    if (!trusted && isPrivateAddress(realm.hostname)) throw refusedRealm(realm);
    return this.ask(realm, trusted ? this.direct : this.guarded, tokenRequest);
  }

  async close(): Promise<void> {
    await Promise.all([this.guarded.destroy(), this.direct.destroy()]);
  }

  private async ask(realm: URL, dispatcher: Dispatcher, tokenRequest: TokenRequest): Promise<Token> {
    let response: Dispatcher.ResponseData;
    try {
      response = await request(realm, {
        dispatcher,
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
        ...describeRequest(realm, tokenRequest),
      });
      if (response.statusCode === 200) return readToken(await readLimited(response));
      await response.body.dump();
    } catch (error) {
      if (error instanceof SourceError) throw error;
      if (isRefusal(error)) throw refusedRealm(realm);
      throw new TransientFailure(`the token server ${realm.host} could not be reached`, undefined, {
        cause: error,
      });
    }
    if (response.statusCode >= 500 || response.statusCode === 429) {
      throw new TransientFailure(
        `the token server ${realm.host} answered ${response.statusCode}`,
        parseRetryAfter(header(response, 'retry-after'), Date.now()),
      );
    }
    throw new SourceError('unauthorized', 'Unauthorized');
  }
}

/** A user asks with their password; an identity token is exchanged as OAuth2 does. */
function describeRequest(
  realm: URL,
  { challenge, scope, credentials }: TokenRequest,
): Pick<Dispatcher.RequestOptions, 'method' | 'headers' | 'body' | 'query'> {
  const service = challenge.parameters['service'];
  const fields = { scope, ...(service !== undefined && { service }) };
  if (credentials && 'identityToken' in credentials) {
    const form = { grant_type: 'refresh_token', client_id: 'longshore', ...fields };
    return {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ ...form, refresh_token: credentials.identityToken }).toString(),
    };
  }
  for (const one of scope.split(' ')) realm.searchParams.append('scope', one);
  if (service !== undefined) realm.searchParams.set('service', service);
  return { method: 'GET', headers: credentials ? { authorization: basicAuthorization(credentials) } : {} };
}

function header(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Realms may be anything, also text that is no URL; tokens never travel in the clear when the registry does not. */
function readRealm({ challenge, registry }: TokenRequest): URL {
  const text = challenge.parameters['realm'] ?? '';
  const realm = URL.canParse(text) ? new URL(text) : undefined;
  const allowed = registry.protocol === 'https:' ? ['https:'] : ['https:', 'http:'];
  if (!realm || !allowed.includes(realm.protocol)) {
    throw new SourceError('failed', `The registry ${registry.host} names no usable token server.`);
  }
  return realm;
}

async function readLimited(response: Dispatcher.ResponseData): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > TOKEN_LIMIT)
      throw new SourceError('failed', 'The token server sent an answer that is too long.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readToken(text: string): Token {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    document = undefined;
  }
  const fields = isRecord(document) ? document : {};
  const value = [fields['token'], fields['access_token']].find(
    (token) => typeof token === 'string' && token !== '',
  );
  if (typeof value !== 'string') throw new SourceError('failed', 'The token server sent no token.');
  const seconds = typeof fields['expires_in'] === 'number' ? fields['expires_in'] : DEFAULT_LIFETIME_S;
  return { value, lifetime: Math.max(seconds - 15, seconds / 2) * 1000 };
}

class PrivateAddress extends Error {
  override readonly name = 'PrivateAddress';
}

function isRefusal(error: unknown): boolean {
  return error instanceof PrivateAddress || (error instanceof Error && error.cause instanceof PrivateAddress);
}

function refusedRealm(realm: URL): SourceError {
  return new SourceError(
    'failed',
    `The token server ${realm.host} is inside a private network and was refused.`,
  );
}

const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, []);
    if (addresses.some(({ address }) => isPrivateAddress(address))) {
      return callback(new PrivateAddress(hostname), []);
    }
    const first = addresses[0];
    if (options.all || !first) return callback(null, addresses);
    return callback(null, first.address, first.family);
  });
};
