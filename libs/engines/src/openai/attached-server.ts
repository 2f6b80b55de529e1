import type { IncomingMessage } from 'node:http';
import { type RemoteEndpoint, requestAt } from '../endpoint.js';
import { EngineStartError } from '../engine.js';
import { isObject, parseObject } from '../request-body.js';

/** A server may take this long to list its models; ms. */
const LIST_LIMIT_MS = 10_000;

const LIST_LIMIT_BYTES = 8 * 1024 * 1024;

/** What a server says of itself. */
export interface ServerListing {
  readonly models: readonly string[];
  /** The program, as far as its headers name it. */
  readonly version: string;
}

/** The server cannot be asked, now: nobody answers, or somebody says that nobody is there. */
export class OutOfReach extends EngineStartError {}

/**
 * Where to send requests, from what the operator gave. `/v1` at the end of the path is taken off, because routes bring
 * their own.
 * @throws EngineStartError when the address cannot be used; its message does not repeat a secret
 */
export function attachedEndpoint({ url, key }: { url: string; key?: string | undefined }): RemoteEndpoint {
  const parsed = parseUrl(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new EngineStartError('OPENAI_ENGINE_URL must be an address such as http://127.0.0.1:8000/v1.');
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new EngineStartError('OPENAI_ENGINE_URL must not have a name and password; set OPENAI_ENGINE_KEY.');
  }
  if (parsed.search !== '' || parsed.hash !== '') {
    throw new EngineStartError('OPENAI_ENGINE_URL must end with its path: without "?" and "#".');
  }
  const path = parsed.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
  return {
    url: `${parsed.origin}${path}`,
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
  };
}

/**
 * Asks the server which models it has.
 * @throws OutOfReach, or another EngineStartError when it refuses or answers something else
 */
export async function listModels(endpoint: RemoteEndpoint, limitMs = LIST_LIMIT_MS): Promise<ServerListing> {
  const { status, headers, text } = await get(endpoint, limitMs).catch((error: unknown) => {
    throw new OutOfReach(`The server at ${endpoint.url} does not answer (${describe(error, limitMs)}).`);
  });
  if (status === 200) {
    const models = modelsIn(text);
    if (models !== undefined) return { models, version: String(headers['server'] ?? 'unknown') };
    throw new EngineStartError(
      `The server at ${endpoint.url} answers /v1/models, but with no list of models.`,
    );
  }
  throw refusalOf(endpoint, status, headers.location);
}

function refusalOf({ url, headers }: RemoteEndpoint, status: number, location?: string): EngineStartError {
  if (status === 401 || status === 403) {
    const what =
      'authorization' in headers ? 'refuses OPENAI_ENGINE_KEY' : 'wants a key; set OPENAI_ENGINE_KEY';
    return new EngineStartError(`The server at ${url} ${what} (status ${status}).`);
  }
  if (status >= 300 && status < 400) {
    const to = originOf(location);
    return new EngineStartError(
      `The server at ${url} sends callers elsewhere${to}, which is not followed; correct OPENAI_ENGINE_URL.`,
    );
  }
  const Failure = status === 502 || status === 503 || status === 504 ? OutOfReach : EngineStartError;
  return new Failure(`The server at ${url} answers /v1/models with status ${status}, not with its models.`);
}

function originOf(location: string | undefined): string {
  const target = location === undefined ? null : parseUrl(location);
  return target === null ? '' : `, to ${target.origin}`;
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

interface Listing {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

function get(endpoint: RemoteEndpoint, limitMs: number): Promise<Listing> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(limitMs);
    const outgoing = requestAt(endpoint, {
      path: '/v1/models',
      signal,
      headers: { accept: 'application/json' },
    });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      const { statusCode: status = 502, headers } = incoming;
      read(incoming).then((text) => resolve({ status, headers, text }), reject);
    });
    outgoing.end();
  });
}

async function read(incoming: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of incoming as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > LIST_LIMIT_BYTES) throw new Error('its list of models is too long');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

/** Undefined when it is no list of models. */
function modelsIn(text: string): string[] | undefined {
  const data = parseObject(text)?.['data'];
  if (!Array.isArray(data)) return undefined;
  const names = data.map((entry: unknown) => (isObject(entry) ? entry['id'] : undefined));
  return names.filter((name) => typeof name === 'string' && name !== '') as string[];
}

function describe(error: unknown, limitMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError' || error.name === 'AbortError')
    return `nothing came for ${limitMs / 1_000} s`;
  return 'code' in error ? String(error.code) : error.message;
}
