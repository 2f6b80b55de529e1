import type { ServerResponse } from 'node:http';

/** A response as it comes from somewhere else: a head, and a body that may fail half-way. */
export interface StreamedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Buffer>;
}

export interface WriteOptions {
  /** Headers of ours, beside those of the response. */
  readonly headers: Readonly<Record<string, string>>;
  /** A client that takes nothing for this long is given up; ms. */
  readonly stallTimeoutMs: number;
  /** Called before the first byte is sent; from here on a failure can no longer have a status of its own. */
  readonly onBegin: () => void;
  /** Called with each chunk that is sent. */
  readonly onChunk?: (chunk: Buffer) => void;
  /** The last event of a server-sent stream that fails half-way, with its blank line. */
  readonly encodeStreamFailure: (error: unknown) => string;
}

/** How a response ended. `client-gone`: the client hung up; `client-stalled`: it stopped reading. */
export type WriteOutcome = 'completed' | 'failed' | 'client-gone' | 'client-stalled';

export interface WriteResult {
  readonly outcome: WriteOutcome;
  /** Bytes of the body that were handed to the socket. */
  readonly bytes: number;
  /** What the body failed with. */
  readonly error?: unknown;
}

/** Headers that belong to one connection, not to the response. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer']);

const EVENT_END = Buffer.from('\n\n');

/**
 * Puts a body on the wire as it comes. Holds at most one chunk beyond what the socket buffers; waits for `drain`; on
 * every exit but completion it ends the body's iteration, which cancels the work behind it. The head goes out with
 * the first chunk. When the body fails later, a server-sent stream gets one failure event; then the socket is
 * destroyed in either case, so that no client takes the part for the whole.
 * @throws whatever the body fails with before its first chunk: nothing has been sent and the caller answers.
 */
export async function writeResponse(
  raw: ServerResponse,
  response: StreamedResponse,
  options: WriteOptions,
): Promise<WriteResult> {
  let bytes = 0;
  let last: Buffer | undefined;
  try {
    for await (const chunk of response.body) {
      if (isGone(raw)) return { outcome: 'client-gone', bytes };
      if (last === undefined) begin(raw, response, options);
      last = chunk;
      bytes += chunk.length;
      options.onChunk?.(chunk);
      if (raw.write(chunk)) continue;
      const state = await waitFor(raw, 'drain', options.stallTimeoutMs);
      if (state !== 'ready') return giveUp(raw, state, bytes);
    }
  } catch (error) {
    if (isGone(raw)) return { outcome: 'client-gone', bytes };
    if (last === undefined) throw error;
    await breakOff(raw, isEventStream(response) ? failureEvent(last, error, options) : '', options);
    return { outcome: 'failed', bytes, error };
  }
  if (isGone(raw)) return { outcome: 'client-gone', bytes };
  if (last === undefined) begin(raw, response, options);
  raw.end();
  const state = raw.writableFinished ? 'ready' : await waitFor(raw, 'finish', options.stallTimeoutMs);
  return state === 'ready' ? { outcome: 'completed', bytes } : giveUp(raw, state, bytes);
}

function begin(raw: ServerResponse, response: StreamedResponse, options: WriteOptions): void {
  options.onBegin();
  raw.statusCode = response.status;
  if (isEventStream(response)) {
    raw.setHeader('cache-control', 'no-cache');
    raw.setHeader('x-accel-buffering', 'no');
  }
  for (const [name, value] of Object.entries(response.headers)) {
    if (!HOP_BY_HOP.has(name.toLowerCase())) raw.setHeader(name, value);
  }
  for (const [name, value] of Object.entries(options.headers)) raw.setHeader(name, value);
}

type SocketState = 'ready' | 'closed' | 'stalled';

/**
 * Waits until the socket has taken what it holds. The time-out is the socket's own, which looks at whether the kernel
 * took anything at all, so that a slow client with a large chunk is not mistaken for one that stopped reading.
 */
function waitFor(
  raw: ServerResponse,
  event: 'drain' | 'finish',
  stallTimeoutMs: number,
): Promise<SocketState> {
  return new Promise((resolve) => {
    const settle = (state: SocketState): void => {
      raw.off(event, onReady).off('close', onClose).off('timeout', onStall);
      if (event === 'drain') raw.socket?.setTimeout(0);
      resolve(state);
    };
    const onReady = (): void => settle('ready');
    const onClose = (): void => settle('closed');
    const onStall = (): void => settle('stalled');
    raw.once(event, onReady).once('close', onClose).once('timeout', onStall);
    raw.socket?.setTimeout(stallTimeoutMs);
    if (isGone(raw)) onClose();
  });
}

function giveUp(raw: ServerResponse, state: SocketState, bytes: number): WriteResult {
  raw.destroy();
  return { outcome: state === 'stalled' ? 'client-stalled' : 'client-gone', bytes };
}

/** Sends the last words, as far as the client takes them in time, and cuts the connection. */
async function breakOff(raw: ServerResponse, lastWords: string, options: WriteOptions): Promise<void> {
  if (lastWords !== '' && !raw.write(lastWords)) await waitFor(raw, 'drain', options.stallTimeoutMs);
  await new Promise<void>((resolve) => {
    if (isGone(raw) || raw.socket === null) return resolve();
    raw.socket.setTimeout(options.stallTimeoutMs, () => raw.destroy());
    raw.once('close', resolve);
    raw.socket.destroySoon();
  });
}

function failureEvent(last: Buffer, error: unknown, options: WriteOptions): string {
  const separator = last.subarray(-EVENT_END.length).equals(EVENT_END) ? '' : '\n\n';
  return separator + options.encodeStreamFailure(error);
}

export function isEventStream(response: StreamedResponse): boolean {
  const { headers } = response;
  const type = headers['content-type'] ?? headers['Content-Type'] ?? '';
  return type.startsWith('text/event-stream');
}

function isGone(raw: ServerResponse): boolean {
  return raw.destroyed || raw.closed || raw.socket?.destroyed === true;
}
