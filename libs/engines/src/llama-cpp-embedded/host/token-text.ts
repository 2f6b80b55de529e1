/** Text of tokens that follow `before`; bytes that are no complete character come out as U+FFFD. */
export type Detokenize = (tokens: readonly number[], before: readonly number[]) => string;

/** A character has at most four bytes, so an incomplete one is complete or broken after this many tokens. */
const TOKENS_HELD = 4;
const TOKENS_REMEMBERED = 8;

/** Turns tokens into text as they come. A character that spans tokens appears once, whole, with its last token. */
export class TokenText {
  readonly #detokenize: Detokenize;
  #held: number[] = [];
  #before: number[] = [];

  constructor(detokenize: Detokenize) {
    this.#detokenize = detokenize;
  }

  push(token: number): string {
    this.#held.push(token);
    const text = this.#detokenize(this.#held, this.#before);
    if (text.endsWith('\uFFFD') && this.#held.length < TOKENS_HELD) return '';
    return this.#release(text);
  }

  /** The rest, once no more tokens will come. */
  flush(): string {
    return this.#held.length === 0 ? '' : this.#release(this.#detokenize(this.#held, this.#before));
  }

  #release(text: string): string {
    this.#before = [...this.#before, ...this.#held].slice(-TOKENS_REMEMBERED);
    this.#held = [];
    return text;
  }
}
