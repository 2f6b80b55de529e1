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
    const arrived = chunk.toString('latin1');
    const text = this.carried + arrived;
    for (const [, name = '', value] of text.matchAll(COUNTS)) this.counts.set(name, Number(value));
    this.carried = text.slice(-CARRIED);
    this.events += arrived.match(EVENT)?.length ?? 0;
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
