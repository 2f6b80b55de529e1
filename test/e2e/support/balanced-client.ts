import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HttpOptions, openRequest, type OpenResponse } from '#testing';
import { requestIdOf, resume, wholeEvents } from './resume.js';

/** One request as clients make it. */
export interface BalancedRequest {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a client has in the end. */
export interface BalancedAnswer {
  readonly status: number;
  /** Of a stream: its whole events, however many connections they took. Else the body. */
  readonly bytes: Buffer;
  /** How often a gateway was passed over. */
  readonly moves: number;
  /** How often the rest was fetched from another gateway. */
  readonly resumed: number;
}

interface Taken {
  readonly response: OpenResponse;
  /** Gateways that were passed over. */
  readonly moves: number;
}

/** A gateway that is being replaced is away for less; ms. */
const AWAY_LIMIT_MS = 15_000;

const PAUSE_MS = 20;

/** Less than gateways give to what they have taken when they stop; ms. */
const NOTICED_WITHIN_MS = 900;

/**
 * A client of several gateways that keeps its connections, as a load balancer does: a gateway that refuses the
 * connection, or says that it is stopping, is passed over; what is left of an answer is fetched from another.
 */
export class BalancedClient {
  private readonly agent = new Agent({ keepAlive: true });
  private turn = 0;

  constructor(private readonly urls: () => readonly string[]) {}

  async ask({ path, body }: BalancedRequest): Promise<BalancedAnswer> {
    const first = await this.take((url) => ({ url: `${url}${path}`, body }));
    if (isStream(first.response)) return this.readEvents(first);
    const bytes = await first.response.whole();
    const rest = stoppedAt(bytes.toString());
    if (rest === undefined) return { ...outcome(first), bytes };
    const { response, moves } = await this.resume(rest, 0);
    return { status: response.status, bytes: await response.whole(), moves: first.moves + moves, resumed: 1 };
  }

  close(): void {
    this.agent.destroy();
  }

  private async readEvents(first: Taken): Promise<BalancedAnswer> {
    const events: string[] = [];
    const answer = { ...outcome(first) };
    let { response } = first;
    for (;;) {
      const part = await readPart(response);
      events.push(...part.events);
      if (part.last) break;
      const next = await this.resume(requestIdOf(first.response), events.length);
      answer.moves += next.moves;
      answer.resumed++;
      response = next.response;
      if (response.status !== 200) {
        return { ...answer, status: response.status, bytes: await response.whole() };
      }
    }
    return { ...answer, bytes: Buffer.from(`${events.join('\n\n')}\n\n`) };
  }

  private resume(id: string, after: number): Promise<Taken> {
    return this.attempt((url) => resume(url, id, { after }));
  }

  private take(options: (url: string) => HttpOptions): Promise<Taken> {
    return this.attempt((url) => openRequest({ ...options(url), agent: this.agent }));
  }

  /** The first gateway in turn that takes a request. */
  private async attempt(send: (url: string) => Promise<OpenResponse>): Promise<Taken> {
    const since = performance.now();
    for (let moves = 0; ; moves++) {
      const urls = this.urls();
      const url = urls[this.turn++ % urls.length] ?? '';
      const sent = performance.now();
      try {
        const response = await send(url);
        if (!(await refuses(response))) return { response, moves };
      } catch (error) {
        if (!isUntaken(error, performance.now() - sent)) throw error;
      }
      if (performance.now() - since > AWAY_LIMIT_MS) throw new Error('No gateway takes the request.');
      await sleep(PAUSE_MS);
    }
  }
}

/** @returns `last` = false when the connection broke, or the gateway said that another has the rest */
async function readPart(response: OpenResponse) {
  const unbroken = await response.whole().then(
    () => true,
    () => false,
  );
  const events = wholeEvents(response.received());
  const stopped = stoppedAt(events.at(-1) ?? '') !== undefined;
  return { events: stopped ? events.slice(0, -1) : events, last: unbroken && !stopped };
}

function outcome({ response, moves }: Taken) {
  return { status: response.status, moves, resumed: 0 };
}

function isStream({ headers }: OpenResponse): boolean {
  return String(headers['content-type']).startsWith('text/event-stream');
}

/** The gateway is stopping and has not taken the request. */
async function refuses(response: OpenResponse): Promise<boolean> {
  if (response.status !== 503) return false;
  const text = (await response.whole()).toString();
  return text.includes('"shutting_down"') && stoppedAt(text) === undefined;
}

/** The request whose rest is to be had elsewhere, when an answer ends by saying so. */
function stoppedAt(text: string): string | undefined {
  if (!text.includes('"shutting_down"')) return undefined;
  return /\/v1\/streams\/([\w-]+\.\d+) of any other/.exec(text)?.[1];
}

/**
 * Nobody listens, or a kept connection was being closed when it was used again, which is noticed at once. A request whose
 * connection breaks later had been taken.
 */
function isUntaken(error: unknown, afterMs: number): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ECONNREFUSED') return true;
  return (code === 'ECONNRESET' || code === 'EPIPE') && afterMs < NOTICED_WITHIN_MS;
}
