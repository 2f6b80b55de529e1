import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { readRefusal } from './engine-refusal.js';
import { describeFailure } from './failure.js';
import { type OwnHeaders, sendHead } from './send-head.js';
import { isEventStream, type StreamedResponse } from './streamed-response.js';
import { cutSocket, isGone, type SocketState, waitForSocket } from './wait-for-socket.js';

export interface WriteOptions {
  /** Headers of ours, beside those of the response; asked for when the head goes out. */
  readonly headers: () => OwnHeaders;
  /** A client that takes nothing for this long is given up; ms. */
  readonly stallTimeoutMs: number;
  /** Called before the first byte is sent; from here on a failure can no longer have a status of its own. */
  readonly onBegin: () => void;
  /** Called before the first byte of the body is sent, which may be long after the head. */
  readonly onFirstByte?: () => void;
  /** Called with each chunk of the body that is sent, and with each comment. */
  readonly onChunk?: (chunk: Buffer) => void;
  /** The last event of a server-sent stream that fails half-way, with its blank line. */
  readonly encodeStreamFailure: (error: unknown) => string;
}

/** How a response ended. `client-gone`: the client hung up; `client-stalled`: it stopped reading. */
export type WriteOutcome = 'completed' | 'failed' | 'client-gone' | 'client-stalled';

export interface WriteResult {
  readonly outcome: WriteOutcome;
  /** Bytes of the body that were handed to the socket, comments of ours not counted. */
  readonly bytes: number;
  /** What the body failed with, or told of. */
  readonly error?: unknown;
}

/** Written of one response before all others have their turn. */
const TURN_BYTES = 64 * 1024;

const LINE_FEED = 10;

/** The head of a stream whose answer is still to come. */
const EARLY_HEAD = { status: 200, headers: { 'content-type': 'text/event-stream' } } as const;

type Head = Pick<StreamedResponse, 'status' | 'headers'>;

/**
 * Puts one response on the wire as it comes. Holds at most one chunk beyond what the socket buffers; waits for `drain`;
 * on every exit but completion it ends the body's iteration, which cancels the work behind it. The head goes out with
 * the first chunk, or with a comment before it. When the body fails after that, a server-sent stream gets one failure
 * event; then the socket is destroyed in either case, so that no client takes the part for the whole.
 */
export class ResponseWriter {
  private head: Head | undefined;
  /**
   * What is to be written next. No variable of {@link write}, which would keep it while it waits for more: a chunk is part
   * of a message with the chunks of many responses.
   */
  private chunk: Buffer | undefined;
  private betweenEvents = true;
  private sent = 0;
  private begun = false;
  private over = false;
  private inThisTurn = 0;
  private spokePlainly = false;

  constructor(
    private readonly raw: ServerResponse,
    private readonly options: WriteOptions,
  ) {}

  /** True once the head is out. */
  get headSent(): boolean {
    return this.begun;
  }

  /** Bytes of the body that were handed to the socket. */
  get bytes(): number {
    return this.sent;
  }

  /**
   * Sends a comment of an event stream, and the head of one before it where there was none; nothing where a comment
   * cannot stand or the client has yet to take what it was sent.
   * @param text without colon and line feeds
   */
  comment(text: string): void {
    if (this.over || isGone(this.raw) || this.raw.writableNeedDrain) return;
    if (this.betweenEvents) this.interject(`: ${text}\n\n`);
  }

  /**
   * Sends a line of plain text before an event stream, for clients that print what comes before the first event; else
   * like a comment, and nothing once there is an event. A failure before the first event is then told in a line, too.
   * @param text without line feeds; empty, it only shows that the connection lives
   */
  line(text: string): void {
    if (this.over || isGone(this.raw) || this.raw.writableNeedDrain) return;
    if (this.sent === 0 && this.interject(`${text}\n`)) this.spokePlainly = true;
  }

  /**
   * Resolves when the response has ended, one way or another. An empty chunk sends the head. A HEAD request is answered
   * once there is a body, which is not read.
   * @throws whatever the body fails with before the head is out: nothing has been sent and the caller answers.
   */
  async write(response: StreamedResponse): Promise<WriteResult> {
    const { raw } = this;
    if (this.begun && (response.status !== 200 || !isEventStream(response))) return this.refuse(response);
    this.head = response;
    try {
      for await (this.chunk of response.body) {
        if (isGone(raw)) return this.end('client-gone');
        if (!this.begun) this.begin(response);
        if (raw.req.method === 'HEAD') return this.finish(response);
        const state = await this.pass();
        if (state !== 'ready') return this.giveUp(state);
      }
    } catch (error) {
      if (!this.begun && !isGone(raw)) throw error;
      return this.fail(error);
    }
    return this.finish(response);
  }

  /** Ends a response whose head is out with a failure. */
  async fail(error: unknown): Promise<WriteResult> {
    const { raw, options } = this;
    if (isGone(raw)) return this.end('client-gone');
    this.over = true;
    if (isEventStream(this.head ?? EARLY_HEAD)) {
      const line = this.spokePlainly && this.sent === 0 ? `${describeFailure(error).message}\n` : '';
      const lastWords = line + (this.betweenEvents ? '' : '\n\n') + options.encodeStreamFailure(error);
      if (!raw.write(lastWords)) await waitForSocket(raw, 'drain', options.stallTimeoutMs);
    }
    await cutSocket(raw, options.stallTimeoutMs);
    return { outcome: 'failed', bytes: this.sent, error };
  }

  /** Puts words of ours into an event stream. @returns whether the answer is one */
  private interject(text: string): boolean {
    const head = this.head ?? EARLY_HEAD;
    if (head.status !== 200 || !isEventStream(head)) return false;
    if (!this.begun) this.begin(head);
    const bytes = Buffer.from(text);
    this.options.onChunk?.(bytes);
    this.raw.write(bytes);
    return true;
  }

  /** Writes the chunk, lets go of it, and resolves when there may be another. */
  private async pass(): Promise<SocketState> {
    const { raw, options, chunk } = this;
    this.chunk = undefined;
    if (chunk === undefined || chunk.length === 0) {
      raw.flushHeaders();
      return 'ready';
    }
    if (this.sent === 0) options.onFirstByte?.();
    this.sent += chunk.length;
    this.betweenEvents = chunk.at(-1) === LINE_FEED && chunk.at(-2) === LINE_FEED;
    options.onChunk?.(chunk);
    const state = raw.write(chunk) ? 'ready' : await waitForSocket(raw, 'drain', options.stallTimeoutMs);
    this.inThisTurn += chunk.length;
    if (state === 'ready' && this.inThisTurn >= TURN_BYTES) await this.takeTurns();
    return state;
  }

  /** A socket that takes all at once never lets go of the process: what is there already would go out without a break. */
  private async takeTurns(): Promise<void> {
    this.inThisTurn = 0;
    await nextTurn();
  }

  private async refuse(response: StreamedResponse): Promise<WriteResult> {
    return this.fail(await readRefusal(response).catch((error: unknown) => error));
  }

  private async finish(response: StreamedResponse): Promise<WriteResult> {
    const { raw, options } = this;
    if (isGone(raw)) return this.end('client-gone');
    if (!this.begun) this.begin(response);
    this.over = true;
    raw.end();
    const state = raw.writableFinished ? 'ready' : await waitForSocket(raw, 'finish', options.stallTimeoutMs);
    if (state !== 'ready') return this.giveUp(state);
    const error = response.failure?.();
    return error === undefined ? this.end('completed') : { ...this.end('failed'), error };
  }

  private begin(head: Head): void {
    const { raw, options } = this;
    this.begun = true;
    options.onBegin();
    sendHead(raw, head, options.headers());
  }

  private giveUp(state: SocketState): WriteResult {
    this.raw.destroy();
    return this.end(state === 'stalled' ? 'client-stalled' : 'client-gone');
  }

  private end(outcome: WriteOutcome): WriteResult {
    this.over = true;
    return { outcome, bytes: this.sent };
  }
}
