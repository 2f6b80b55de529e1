import { AsyncLocalStorage } from 'node:async_hooks';

/** Longest count with its name, which two chunks may share; bytes. */
const CARRIED = 64;

/** What engines call the tokens of prompt and answer. In text of the answer the quotes would be escaped. */
const COUNTS =
  /(?<!\\)"(total_tokens|prompt_tokens|completion_tokens|prompt_n|predicted_n|cache_n)"\s*:\s*(\d{1,15})(?=\D)/g;

const EVENT = /(?:^|\n)data: *\{/g;

/** Counts the tokens of an answer from the engine's own words as they go by. */
export class TokenCount {
  private readonly counts = new Map<string, number>();
  private events = 0;
  private carried = '';

  add(chunk: Buffer): void {
    const text = this.carried + chunk.toString('latin1');
    for (const [, name = '', value] of text.matchAll(COUNTS)) this.counts.set(name, Number(value));
    this.carried = text.slice(-CARRIED);
    this.events += chunk.toString('latin1').match(EVENT)?.length ?? 0;
  }

  /** Of the answer's `usage`, else of its `timings`, else one for each event that came. */
  get tokens(): number {
    const of = (name: string): number => this.counts.get(name) ?? 0;
    if (this.counts.has('total_tokens')) return of('total_tokens');
    const usage = of('prompt_tokens') + of('completion_tokens');
    if (usage > 0) return usage;
    return of('prompt_n') + of('cache_n') + of('predicted_n') || this.events;
  }
}

type Charge = (tokens: number) => void;

const current = new AsyncLocalStorage<TokenMeter>();

/**
 * Charges the answers of one request to its key, whichever way and however long after the request they are made. Only
 * requests of keys with a limit are followed.
 */
export class TokenMeter {
  private constructor(private readonly charge: Charge) {}

  /** What `run` begins, and all that follows from it, is charged. */
  static during(charge: Charge, run: () => void): void {
    current.run(new TokenMeter(charge), run);
  }

  /** The meter of the request that is being served; undefined where nobody counts. */
  static current(): TokenMeter | undefined {
    return current.getStore();
  }

  /** The same body, charged when it has ended, also when it is given up. */
  async *measure(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
    const count = new TokenCount();
    try {
      for await (const chunk of body) {
        count.add(chunk);
        yield chunk;
      }
    } finally {
      if (count.tokens > 0) this.charge(count.tokens);
    }
  }
}
