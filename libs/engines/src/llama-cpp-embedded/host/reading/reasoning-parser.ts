import type { AnswerPart } from './answer-part.js';

export const REASONING_TAGS = ['<think>', '</think>'] as const;
const [OPEN, CLOSE] = REASONING_TAGS;

type Place = 'before' | 'inside' | 'after' | 'past';

/**
 * Tells reasoning, `<think>…</think>` at the beginning of an answer, from the text after it, in an answer that arrives
 * in pieces. White space around either is dropped; an answer without reasoning is left as it is.
 */
export class ReasoningParser {
  #place: Place;
  #held = '';
  /** True until any reasoning was released. */
  #first = true;

  /** @param inside - True when the prompt has opened the reasoning already. */
  constructor(inside: boolean) {
    this.#place = inside ? 'inside' : 'before';
  }

  push(piece: string): AnswerPart[] {
    this.#held += piece;
    const parts: AnswerPart[] = [];
    if (this.#place === 'before') this.#enter();
    if (this.#place === 'inside') parts.push(...this.#think());
    if (this.#place === 'after') this.#skipSpace();
    if (this.#place === 'past') parts.push(...this.#release('text', this.#held.length));
    return parts;
  }

  /** The rest, once no more text will come. */
  flush(): AnswerPart[] {
    if (this.#place === 'after') return [];
    if (this.#place === 'inside') this.#held = this.#first ? this.#held.trim() : this.#held.trimEnd();
    return this.#release(this.#place === 'inside' ? 'reasoning' : 'text', this.#held.length);
  }

  #enter(): void {
    const text = this.#held.trimStart();
    if (text.startsWith(OPEN)) {
      this.#held = text.slice(OPEN.length);
      this.#place = 'inside';
    } else if (!OPEN.startsWith(text)) {
      this.#place = 'past';
    }
  }

  /** Holds back white space, and what may become the closing tag. */
  #think(): AnswerPart[] {
    if (this.#first) this.#held = this.#held.trimStart();
    const index = this.#held.indexOf(CLOSE);
    const end = index >= 0 ? index : this.#held.length - beginningOfTag(this.#held);
    const parts = this.#release('reasoning', this.#held.slice(0, end).trimEnd().length);
    this.#first &&= parts.length === 0;
    if (index >= 0) {
      this.#held = this.#held.slice(this.#held.indexOf(CLOSE) + CLOSE.length);
      this.#place = 'after';
    }
    return parts;
  }

  #skipSpace(): void {
    this.#held = this.#held.trimStart();
    if (this.#held !== '') this.#place = 'past';
  }

  #release(kind: 'text' | 'reasoning', length: number): AnswerPart[] {
    const text = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    return text === '' ? [] : [{ kind, text }];
  }
}

/** Length of the longest end of a text that may be the beginning of a closing tag. */
function beginningOfTag(text: string): number {
  for (let length = CLOSE.length - 1; length > 0; length--)
    if (text.endsWith(CLOSE.slice(0, length))) return length;
  return 0;
}
