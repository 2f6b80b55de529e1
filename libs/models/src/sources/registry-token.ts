import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, request, type Dispatcher } from 'undici';
import { isRecord } from '../formats/json.js';
import type { Challenge } from './challenge.js';
import { isPrivateAddress } from './registry-address.js';
import { SourceError } from './source-error.js';
import { TransientFailure } from './retry.js';

/** A user of one registry. */
export interface RegistryCredentials {
  readonly username: string;
  readonly password: string;
}

export interface TokenRequest {
  readonly challenge: Challenge;
  /** Host and port of the registry that sent the challenge. */
  readonly registry: URL;
  /** `repository:ai/smollm2:pull`. */
  readonly scope: string;
  readonly credentials: RegistryCredentials | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface Token {
  readonly value: string;
  /** ms for which it may be used. */
  readonly lifetime: number;
}

const DEFAULT_LIFETIME_S = 60;
const TOKEN_LIMIT = 1024 * 1024;

/**
 * Gets tokens from the server a registry names in its challenge. That name is input from outside: unless it is the
 * registry's own host, a server inside a private network is refused, checked at the moment of connecting.
 */
export class TokenClient {
  private readonly guarded = new Agent({ connect: { lookup: lookupPublic } });
  private readonly direct = new Agent();

  /** @throws SourceError, TransientFailure */
  async fetch(tokenRequest: TokenRequest): Promise<Token> {
    const realm = readRealm(tokenRequest);
    const own = realm.hostname === tokenRequest.registry.hostname;
    if (!own && isPrivateAddress(realm.hostname)) throw refusedRealm(realm);
    realm.searchParams.set('scope', tokenRequest.scope);
    const service = tokenRequest.challenge.parameters['service'];
    if (service !== undefined) realm.searchParams.set('service', service);
    return this.ask(realm, own ? this.direct : this.guarded, tokenRequest);
  }

  async close(): Promise<void> {
    await Promise.all([this.guarded.destroy(), this.direct.destroy()]);
  }

  private async ask(
    realm: URL,
    dispatcher: Dispatcher,
    { credentials, signal }: TokenRequest,
  ): Promise<Token> {
    let response: Dispatcher.ResponseData;
    try {
      response = await request(realm, {
        dispatcher,
        headers: credentials ? { authorization: basicAuthorization(credentials) } : {},
        headersTimeout: 30_000,
        bodyTimeout: 30_000,
        ...(signal && { signal }),
      });
      if (response.statusCode === 200) return readToken(await readLimited(response));
      await response.body.dump();
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof SourceError) throw error;
      if (isRefusal(error)) throw refusedRealm(realm);
      throw new TransientFailure(`the token server ${realm.host} could not be reached`, undefined, {
        cause: error,
      });
    }
    if (response.statusCode >= 500 || response.statusCode === 429) {
      throw new TransientFailure(`the token server ${realm.host} answered ${response.statusCode}`);
    }
    throw new SourceError('unauthorized', 'Unauthorized');
  }
}

export function basicAuthorization({ username, password }: RegistryCredentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
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
