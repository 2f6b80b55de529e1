import { beginningOfTag, textParts, type AnswerPart } from './answer-part.js';
import type { CallFormat } from './call-format.js';
import { CallScanner, JsonValueScanner } from './call-scanner.js';

export interface CallReaderOptions {
  readonly format: CallFormat;
  readonly newId: () => string;
  /** Names of the tools that were offered; a bare object is a call only of one of them. */
  readonly tools: readonly string[];
  /** False leaves out all calls after the first. */
  readonly parallel: boolean;
}

/** What reads the call that has begun. */
interface OpenCall {
  /** Undefined until it is known. */
  readonly name: string | undefined;
  readonly state: 'open' | 'done' | 'failed';
  push(text: string): number;
  takeArguments(): string;
}

/**
 * Finds calls in a text that arrives in pieces, and hands their arguments on as they come. White space around calls is
 * dropped. What looks like a call but is none is text again, unchanged.
 */
export class CallReader {
  readonly #options: CallReaderOptions;
  #text = '';
  #place: 'text' | 'between' | 'call';
  /** All since the opening, until a call has been told. */
  #raw = '';
  #told = false;
  #begun = false;
  /** Of calls that begin with a name: whether one may stand here. */
  #mayBegin = false;
  #call: OpenCall | undefined;
  #calls = 0;
  #afterCall = false;

  constructor(options: CallReaderOptions) {
    this.#options = options;
    this.#place = 'text';
  }

  push(piece: string): AnswerPart[] {
    this.#text += piece;
    const parts: AnswerPart[] = [];
    while (this.#step(parts));
    return parts;
  }

  /** The rest, once no more text will come. A last call may lack its closing tag. */
  flush(): AnswerPart[] {
    const rest = this.#text;
    this.#text = '';
    if (this.#place === 'text') return textParts('text', this.#afterCall ? rest.trim() : rest);
    const parts = this.#told ? [] : textParts('text', this.#raw + rest);
    this.#place = 'text';
    return parts;
  }

  /** True when it got further. */
  #step(parts: AnswerPart[]): boolean {
    if (this.#place === 'text') return this.#readText(parts);
    return this.#place === 'between' ? this.#skipFillers(parts) : this.#readCall(parts);
  }

  #readText(parts: AnswerPart[]): boolean {
    const { opening, bare } = this.#options.format;
    if (bare && !this.#begun) {
      const start = this.#text.trimStart();
      if (start === '') return false;
      this.#begun = true;
      if (start.startsWith('{')) return this.#enter(0);
    }
    if (this.#text.trim() !== '') this.#begun = true;
    const index = opening === '' ? -1 : this.#text.indexOf(opening);
    const held = opening === '' ? 0 : beginningOfTag(this.#text, [opening]);
    const end = index >= 0 ? index : this.#text.length - held;
    const before = this.#text.slice(0, end).trimEnd();
    parts.push(...textParts('text', this.#afterCall ? before.trimStart() : before));
    if (before !== '') this.#afterCall = false;
    if (index >= 0) {
      this.#text = this.#text.slice(index);
      return this.#enter(opening.length);
    }
    this.#text = this.#text.slice(before.length);
    return false;
  }

  #enter(length: number): boolean {
    this.#told = false;
    this.#mayBegin = true;
    this.#raw = '';
    this.#place = 'between';
    this.#consume(length);
    return true;
  }

  #consume(length: number): void {
    if (!this.#told) this.#raw += this.#text.slice(0, length);
    this.#text = this.#text.slice(length);
  }

  #skipFillers(parts: AnswerPart[]): boolean {
    const { fillers, opening, callOpening, between } = this.#options.format;
    this.#consume(this.#text.length - this.#text.trimStart().length);
    if (this.#text === '') return false;
    const skipped = [opening, ...fillers].filter((filler) => filler !== '');
    const filler = skipped.find((one) => this.#text.startsWith(one));
    if (filler !== undefined) {
      this.#mayBegin ||= filler === opening || filler === callOpening;
      this.#consume(filler.length);
      return true;
    }
    if (skipped.some((one) => one.startsWith(this.#text))) return false;
    const begins = between === undefined ? this.#text.startsWith('{') : this.#mayBegin;
    if (!begins) return this.#leave(parts);
    this.#mayBegin = false;
    this.#call = between === undefined ? new CallScanner() : new NamedCall(between);
    this.#place = 'call';
    return true;
  }

  /** Back to text: what was no call is text, too. */
  #leave(parts: AnswerPart[]): boolean {
    this.#place = 'text';
    if (this.#told) {
      this.#afterCall = true;
      return true;
    }
    parts.push(...textParts('text', this.#raw));
    this.#raw = '';
    return this.#text !== '';
  }

  #readCall(parts: AnswerPart[]): boolean {
    const call = this.#call;
    if (call === undefined) return false;
    const known = call.name !== undefined;
    this.#consume(call.push(this.#text));
    if (call.state === 'failed' || (!known && !this.#isOffered(call.name))) {
      return this.#leave(parts);
    }
    if (!known && call.name !== undefined) this.#tell(call.name, parts);
    const json = call.takeArguments();
    if (json !== '' && this.#isWanted())
      parts.push({ kind: 'arguments', index: this.#calls - 1, text: json });
    if (call.state === 'open') return false;
    this.#call = undefined;
    this.#place = 'between';
    return true;
  }

  #isOffered(name: string | undefined): boolean {
    return name === undefined || !this.#options.format.bare || this.#options.tools.includes(name);
  }

  #isWanted(): boolean {
    return this.#options.parallel || this.#calls === 1;
  }

  #tell(name: string, parts: AnswerPart[]): void {
    this.#told = true;
    this.#raw = '';
    const index = this.#calls++;
    if (this.#isWanted()) parts.push({ kind: 'call', call: { index, id: this.#options.newId(), name } });
  }
}

/** A call whose name stands before its arguments. */
class NamedCall implements OpenCall {
  readonly #between: string;
  readonly #scanner = new JsonValueScanner();
  #before = '';
  #held = '';
  name: string | undefined;
  state: 'open' | 'done' | 'failed' = 'open';

  constructor(between: string) {
    this.#between = between;
  }

  push(text: string): number {
    let taken = 0;
    for (const character of text) {
      if (this.state !== 'open') break;
      if (this.name === undefined) this.#takeName(character);
      else if (!this.#takeArgument(character)) break;
      taken += character.length;
    }
    return taken;
  }

  takeArguments(): string {
    const text = this.#held;
    this.#held = '';
    return text;
  }

  #takeName(character: string): void {
    this.#before += character;
    if (this.#before.endsWith(this.#between)) {
      const name = this.#before.slice(0, -this.#between.length).trim();
      if (/^[\w.-]{1,128}$/.test(name)) this.name = name;
      else this.state = 'failed';
    } else if (this.#before.length > 200) this.state = 'failed';
  }

  #takeArgument(character: string): boolean {
    const taken = this.#scanner.take(character);
    if (taken === 'wrong' || taken === 'after') {
      this.state = 'done';
      return false;
    }
    this.#held += character;
    if (taken === 'last') this.state = 'done';
    return true;
  }
}
