import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayAnswer } from '../client/gateway-answer.js';
import { GatewayClient } from '../client/gateway-client.js';
import { GatewayFailure } from '../client/gateway-failure.js';
import { CommandFailure } from '../command-failure.js';
import { EXIT } from '../exit-codes.js';
import { type ChatChunk, readChunk, type Usage } from './chat-chunk.js';

/** What arrives of an answer, in order. */
export type ChatPart =
  /** How a request does that waits, as gateways say it: `queued position=3 eta=4.2s`; `reconnecting` is our own. */
  | { readonly kind: 'notice'; readonly text: string }
  | { readonly kind: 'reasoning'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string };

/** What is known at the end of an answer. */
export interface ChatOutcome {
  readonly finishReason?: string;
  readonly usage?: Usage;
  readonly timings?: Readonly<Record<string, number>>;
  readonly requestId?: string;
  /** How often the connection broke and the rest was fetched over another. */
  readonly reconnections: number;
}

export interface ChatCall {
  readonly client: GatewayClient;
  /** Of `POST /engines/v1/chat/completions`. */
  readonly body: object;
  /** Ends the reading; the cluster is told as well. */
  readonly signal: AbortSignal;
  /** Waits between tries while no gateway answers; ms. */
  readonly delaysMs?: readonly number[];
}

/** In all half a minute, for which a cluster keeps what nobody reads. */
const DELAYS_MS: readonly number[] = [50, 150, 300, 500, 1_000, 2_000, 3_000, 5_000, 8_000, 10_000];

/** Codes of errors in the midst of a stream after which another gateway, or the same a little later, has the rest. */
const PASSING_CODES: readonly unknown[] = ['shutting_down', 'redis_unavailable'];

/**
 * Asks once and reads the answer to its end, over as many connections as that takes: each event is delivered once.
 * Whoever stops reading cancels the request in the cluster.
 * @throws CommandFailure
 * @throws DOMException named AbortError when the signal aborts
 */
export async function* askChat(call: ChatCall): AsyncGenerator<ChatPart, ChatOutcome, void> {
  const reading = new ChatReading(call);
  let complete = false;
  try {
    const outcome = yield* reading.read();
    complete = true;
    return outcome;
  } catch (error) {
    complete = error instanceof CommandFailure;
    throw error;
  } finally {
    if (!complete) await reading.cancel();
  }
}

const CANCEL_WITHIN_MS = 2_000;
const CANCEL_PAUSE_MS = 200;

class ChatReading {
  private readonly key = randomUUID();
  /** Number of the last event that has arrived. */
  private received = 0;
  /** Whether any event has arrived. */
  private begun = false;
  private failures = 0;
  private reconnections = 0;
  private outcome: Omit<ChatOutcome, 'reconnections'> = {};

  constructor(private readonly call: ChatCall) {}

  async *read(): AsyncGenerator<ChatPart, ChatOutcome, void> {
    for (;;) {
      try {
        const answer = await this.open();
        if (yield* this.readAnswer(answer)) return { ...this.outcome, reconnections: this.reconnections };
        throw new GatewayFailure('The answer broke off before its end.', EXIT.unreachable, 0, true);
      } catch (error) {
        const delay = this.delayAfter(error);
        yield { kind: 'notice', text: 'reconnecting' };
        await sleep(delay, undefined, { signal: this.call.signal });
      }
    }
  }

  /** Tells the cluster that nobody reads any more. Never rejects. */
  async cancel(): Promise<void> {
    // A server that does not number events knows of no cancelling but that the connection ends.
    if (this.begun && this.received === 0) return;
    const late = AbortSignal.timeout(CANCEL_WITHIN_MS);
    const client = new GatewayClient(this.call.client.target, late);
    try {
      // A request that has been sent may not have been taken yet.
      while (!late.aborted && !(await this.cancelOnce(client))) {
        await sleep(CANCEL_PAUSE_MS, undefined, { signal: late });
      }
    } catch {
      // What nobody comes back for is ended by the cluster after a while.
    } finally {
      await client.close();
    }
  }

  private async cancelOnce(client: GatewayClient): Promise<boolean> {
    try {
      await client.send({ method: 'DELETE', path: `/v1/streams/${this.key}` });
      return true;
    } catch (error) {
      if (error instanceof GatewayFailure && (error.status === 404 || error.transient)) return false;
      throw error;
    }
  }

  /**
   * Nothing has arrived: the request is made, or made again, which the key keeps from running twice. Else the rest is
   * fetched, and not made anew if it is gone: it could be another answer.
   */
  private open(): Promise<GatewayAnswer> {
    const { client, body, signal } = this.call;
    if (this.received > 0) {
      const headers = { 'last-event-id': String(this.received) };
      return client.send({ path: `/v1/streams/${this.key}`, headers, signal });
    }
    return client.send({
      method: 'POST',
      path: '/engines/v1/chat/completions',
      json: body,
      headers: { 'idempotency-key': this.key, 'x-stream-ids': 'true' },
      signal,
    });
  }

  /** @returns whether the answer has come to its end */
  private async *readAnswer(answer: GatewayAnswer): AsyncGenerator<ChatPart, boolean, void> {
    const requestId = answer.header('x-longshore-request');
    if (requestId !== undefined) this.outcome = { ...this.outcome, requestId };
    for await (const part of answer.events()) {
      if (part.kind === 'comment') {
        yield { kind: 'notice', text: part.text };
        continue;
      }
      if (part.data === '[DONE]') return true;
      const chunk = readChunk(part.data);
      if (chunk?.error !== undefined) throw streamFailure(chunk.error);
      this.received = Number(part.id ?? 0);
      this.begun = true;
      this.failures = 0;
      if (chunk !== undefined) yield* this.take(chunk);
    }
    return false;
  }

  private *take({ choices, usage, timings }: ChatChunk): Generator<ChatPart, void, void> {
    const [choice] = choices ?? [];
    const { reasoning_content: reasoning, content } = choice?.delta ?? {};
    if (typeof reasoning === 'string' && reasoning !== '') yield { kind: 'reasoning', text: reasoning };
    if (typeof content === 'string' && content !== '') yield { kind: 'text', text: content };
    const finishReason = choice?.finish_reason;
    this.outcome = {
      ...this.outcome,
      ...(typeof finishReason === 'string' && { finishReason }),
      ...(usage && { usage }),
      ...(timings && { timings }),
    };
  }

  /** @returns ms to wait before the next try @throws what cannot pass, or has not passed for long */
  private delayAfter(error: unknown): number {
    if (!(error instanceof GatewayFailure) || !error.transient) throw error;
    // A cluster that refuses at once is believed; one that has begun to answer is waited for.
    if (error.status >= 400 && !this.begun && this.reconnections === 0) throw error;
    // Events without numbers are from a server that cannot go on where it was.
    if (this.begun && this.received === 0) throw error;
    const delay = (this.call.delaysMs ?? DELAYS_MS)[this.failures];
    if (delay === undefined) throw error;
    this.failures += 1;
    this.reconnections += 1;
    return delay;
  }
}

function streamFailure(error: NonNullable<ChatChunk['error']>): CommandFailure {
  const told: { readonly message?: string; readonly code?: unknown } =
    typeof error === 'string' ? { message: error } : error;
  const message = told.message ?? 'The cluster broke the answer off without a reason.';
  if (PASSING_CODES.includes(told.code)) return new GatewayFailure(message, EXIT.unreachable, 0, true);
  return new CommandFailure(message);
}
