import { syntheticText } from '#testing';
import { BalancedClient, type BalancedRequest } from './balanced-client.js';
import { eventsOf } from './broken-streams.js';

/** One kind of request, and what must come of it. */
export interface LoadKind extends BalancedRequest {
  /** Throws when the answer is not the right one. */
  readonly check: (bytes: Buffer) => void;
}

export interface LoadReport {
  readonly finished: number;
  /** How often a client passed over a gateway. */
  readonly moves: number;
  /** How often it fetched the rest of an answer from another gateway. */
  readonly resumed: number;
  /** One sentence for each request that failed or was answered wrong. */
  readonly failures: readonly string[];
}

/** Clients that ask one request after the other, each its own kind, until they are stopped. */
export class SteadyLoad {
  private readonly client: BalancedClient;
  private readonly failures: string[] = [];
  private finished = 0;
  private moves = 0;
  private resumed = 0;
  private stopping = false;
  private readonly lanes: Promise<unknown>;

  constructor(urls: () => readonly string[], kinds: readonly LoadKind[]) {
    this.client = new BalancedClient(urls);
    this.lanes = Promise.all(kinds.map((kind) => this.repeat(kind)));
  }

  get answered(): number {
    return this.finished;
  }

  /** Resolves when what was begun has ended. */
  async stop(): Promise<LoadReport> {
    this.stopping = true;
    await this.lanes;
    this.client.close();
    const { finished, moves, resumed, failures } = this;
    return { finished, moves, resumed, failures };
  }

  private async repeat(kind: LoadKind): Promise<void> {
    while (!this.stopping && this.failures.length < 20) {
      try {
        const { status, bytes, moves, resumed } = await this.client.ask(kind);
        this.moves += moves;
        this.resumed += resumed;
        if (status !== 200) throw new Error(`status ${status}: ${bytes.toString().slice(0, 400)}`);
        kind.check(bytes);
      } catch (error) {
        this.failures.push(`${kind.path} ${JSON.stringify(kind.body)}: ${(error as Error).message}`);
      }
      this.finished++;
    }
  }
}

/** A chat of the synthetic engine, so many tokens in so many seconds. */
export function chatKind(model: string, tokens: number, seconds: number, stream: boolean): LoadKind {
  const messages = [{ role: 'user', content: 'Hello' }];
  const body = { model, messages, stream, max_tokens: tokens, synthetic: { rate: tokens / seconds } };
  return { path: '/v1/chat/completions', body, check: stream ? checkEvents(tokens) : checkText(tokens) };
}

/** @param expected an answer to the same input; it may name the model otherwise */
export function embeddingKind(model: string, input: string, expected: string): LoadKind {
  const numbers = (answer: string): string => JSON.stringify((JSON.parse(answer) as { data: unknown }).data);
  const check = (bytes: Buffer): void => {
    const answer = bytes.toString();
    if (numbers(answer) !== numbers(expected)) throw new Error(`other numbers: ${answer.slice(0, 300)}`);
  };
  return { path: '/v1/embeddings', body: { model, input }, check };
}

/** Every event once: the role, each token by itself, the end. */
function checkEvents(tokens: number) {
  return (bytes: Buffer): void => {
    const events = eventsOf(bytes).trimEnd().split('\n\n');
    if (events.length !== tokens + 3) throw new Error(`${events.length} events, not ${tokens + 3}`);
    if (events.at(-1) !== 'data: [DONE]') throw new Error(`ends with ${events.at(-1)}`);
    const text = events
      .slice(1, -2)
      .map((event) => (JSON.parse(event.slice('data: '.length)) as StreamedChunk).choices[0]?.delta.content)
      .join('');
    if (text !== syntheticText(tokens)) throw new Error(`another text: ${text.slice(0, 200)}`);
  };
}

interface StreamedChunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[];
}

function checkText(tokens: number) {
  return (bytes: Buffer): void => {
    const answer = JSON.parse(bytes.toString()) as {
      readonly choices: readonly { readonly message: { readonly content: string } }[];
    };
    const text = answer.choices[0]?.message.content;
    if (text !== syntheticText(tokens)) throw new Error(`another text: ${text?.slice(0, 200)}`);
  };
}
