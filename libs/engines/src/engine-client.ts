import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { type Endpoint, requestAt } from './endpoint.js';

export interface EngineCall {
  /** Path on the engine, for example `/v1/chat/completions`. */
  readonly route: string;
  /** JSON text, sent as it is. Absent = a GET. */
  readonly body?: string | Buffer;
  /** Closes the connection at once, before and after the answer began. */
  readonly signal: AbortSignal;
  /**
   * Called whenever bytes come from the engine, also those of which the caller sees nothing yet: reports of how far the
   * prompt is, or the parts of an answer that is put together.
   */
  readonly onBytes?: () => void;
}

export interface EngineResponse {
  readonly status: number;
  /** Lower-case names; what concerns only the connection to the engine is left out. */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The answer's bytes as they come. `pause()` or slow iteration holds the engine back; memory stays bounded. Ends with
   * `error` when the connection breaks and after an abort. `destroy()` closes the connection.
   */
  readonly body: Readable;
}

/** The engine could not be reached or broke the connection before it answered. */
export class EngineConnectionError extends Error {
  override readonly name = 'EngineConnectionError';

  /** False when nobody was there to take the request: it can be given to another engine. */
  readonly reached: boolean;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.reached = !NOBODY_THERE.has(codeOf(options?.cause));
  }
}

const NOBODY_THERE = new Set(['ECONNREFUSED', 'ENOENT']);

/** A connection that dies like this before the first byte was never served: it is safe to ask again, once. */
const WORTH_ONE_RETRY = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE']);

/** Headers of one connection, of another origin, or untrue once the bytes travel on as frames. */
const STRIPPED =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|content-length|date|server|access-control-.*)$/;

/**
 * One HTTP request to an engine. Resolves when the head has come; any status is an answer. Every call opens its own
 * connection, because llama-server closes its side after each stream and a pooled one would fail the next call.
 * @throws EngineConnectionError
 * @throws the signal's reason after an abort
 */
export async function callEngine(endpoint: Endpoint, call: EngineCall): Promise<EngineResponse> {
  let first: unknown;
  try {
    return await attempt(endpoint, call);
  } catch (error) {
    first = error;
    call.signal.throwIfAborted();
    if (!WORTH_ONE_RETRY.has(codeOf(error))) throw connectionError(error);
  }
  try {
    return await attempt(endpoint, call);
  } catch (error) {
    call.signal.throwIfAborted();
    // Where nobody is any more somebody may have been the first time: the engine then ended with this request.
    throw connectionError(NOBODY_THERE.has(codeOf(error)) ? first : error);
  }
}

function attempt(endpoint: Endpoint, call: EngineCall): Promise<EngineResponse> {
  call.signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const outgoing = open(endpoint, call);
    let answer: IncomingMessage | undefined;
    const abort = (): void => {
      // The answer first: otherwise one that lasts until the connection closes would look complete.
      answer?.destroy(abortError(call.signal));
      outgoing.destroy(abortError(call.signal));
    };
    call.signal.addEventListener('abort', abort, { once: true });
    outgoing.once('close', () => call.signal.removeEventListener('abort', abort));
    outgoing.on('error', reject);
    const { onBytes } = call;
    if (onBytes !== undefined) outgoing.once('socket', (socket) => socket.on('data', onBytes));
    outgoing.once('response', (incoming) => {
      answer = incoming;
      // A reader that attaches late must still see this error, and one that never does must not end the process.
      incoming.on('error', () => undefined);
      resolve({ status: incoming.statusCode ?? 502, headers: passedOn(incoming.headers), body: incoming });
    });
    outgoing.end(call.body);
  });
}

function open(endpoint: Endpoint, call: EngineCall): ClientRequest {
  const { body, route: path } = call;
  if (body === undefined) return requestAt(endpoint, { path });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return requestAt(endpoint, { path, method: 'POST', headers });
}

/** The headers of an engine's answer that a client of ours may see. */
export function passedOn(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || STRIPPED.test(name)) continue;
    kept[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return kept;
}

function abortError(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}

function connectionError(error: unknown): EngineConnectionError {
  const code = codeOf(error);
  return new EngineConnectionError(`The engine did not answer (${code}).`, { cause: error });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
