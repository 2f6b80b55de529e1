import { beginningOfTag, textParts, type AnswerPart } from './answer-part.js';

/** Tags of the form in which gpt-oss models write: messages in channels. */
export const HARMONY_TAGS = [
  '<|start|>',
  '<|channel|>',
  '<|constrain|>',
  '<|message|>',
  '<|end|>',
  '<|call|>',
  '<|return|>',
] as const;

const ENDS: readonly string[] = ['<|end|>', '<|call|>', '<|return|>', '<|start|>', '<|channel|>'];
const BODY = '<|message|>';

/**
 * Tells the channels of an answer apart: `analysis` is reasoning, `commentary to=functions.name` is a call, all else is
 * text.
 */
export class HarmonyReader {
  readonly #newId: () => string;
  #text = '';
  #place: 'header' | 'reasoning' | 'text' | 'call' = 'header';
  #calls = 0;

  constructor(newId: () => string) {
    this.#newId = newId;
  }

  push(piece: string): AnswerPart[] {
    this.#text += piece;
    const parts: AnswerPart[] = [];
    while (this.#place === 'header' ? this.#readHeader(parts) : this.#readBody(parts));
    return parts;
  }

  flush(): AnswerPart[] {
    const rest = this.#text;
    this.#text = '';
    if (this.#place !== 'header') return this.#told(rest);
    // An answer without channels is text.
    return HARMONY_TAGS.some((tag) => rest.includes(tag)) ? [] : textParts('text', rest);
  }

  #readHeader(parts: AnswerPart[]): boolean {
    const end = this.#text.indexOf(BODY);
    if (end < 0) return false;
    const header = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + BODY.length);
    const name = /to=functions\.([\w.-]+)/.exec(header)?.[1];
    const channel = /<\|channel\|>\s*(\w+)/.exec(header)?.[1];
    if (name === undefined) this.#place = channel === 'analysis' ? 'reasoning' : 'text';
    else {
      this.#place = 'call';
      parts.push({ kind: 'call', call: { index: this.#calls++, id: this.#newId(), name } });
    }
    return true;
  }

  #readBody(parts: AnswerPart[]): boolean {
    const ends = ENDS.map((tag) => this.#text.indexOf(tag)).filter((index) => index >= 0);
    if (ends.length > 0) {
      const end = Math.min(...ends);
      parts.push(...this.#told(this.#text.slice(0, end)));
      this.#text = this.#text.slice(end).replace(/^<\|(?:end|call|return)\|>/, '');
      this.#place = 'header';
      return true;
    }
    const safe = this.#text.length - beginningOfTag(this.#text, ENDS);
    parts.push(...this.#told(this.#text.slice(0, safe)));
    this.#text = this.#text.slice(safe);
    return false;
  }

  #told(text: string): AnswerPart[] {
    if (this.#place === 'call')
      return text === '' ? [] : [{ kind: 'arguments', index: this.#calls - 1, text }];
    return textParts(this.#place === 'reasoning' ? 'reasoning' : 'text', text);
  }
}
