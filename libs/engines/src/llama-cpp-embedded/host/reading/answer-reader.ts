import type { AnswerPart } from './answer-part.js';
import { tagsOf, type CallFormat } from './call-format.js';
import { CallReader } from './call-reader.js';
import { HARMONY_TAGS, HarmonyReader } from './harmony-reader.js';
import { REASONING_TAGS, ReasoningParser } from './reasoning-parser.js';

/** What an answer is searched for. */
export interface ReadingOptions {
  /** `opened`: the prompt has begun it already. `none`: an answer's tags are text. `harmony`: the answer is in channels. */
  readonly reasoning: 'none' | 'possible' | 'opened' | 'harmony';
  /** Undefined when no tools were offered. */
  readonly calls: WantedCalls | undefined;
}

export interface WantedCalls {
  readonly format: CallFormat;
  /** Names of the tools that were offered. */
  readonly tools: readonly string[];
  /** False leaves out all calls after the first. */
  readonly parallel: boolean;
}

/** For raw completions: everything is text. */
export const PLAIN: ReadingOptions = { reasoning: 'none', calls: undefined };

/** Tags that must be visible in the text; in some vocabularies they are special tokens without text. */
export function shownTags({ reasoning, calls }: ReadingOptions): readonly string[] {
  if (reasoning === 'harmony') return HARMONY_TAGS;
  return [
    ...(reasoning === 'none' ? [] : REASONING_TAGS),
    ...(calls === undefined ? [] : tagsOf(calls.format)),
  ];
}

/** Reads the parts of an answer from its text as it comes. */
export class AnswerReader {
  readonly #first: ReasoningParser | HarmonyReader | undefined;
  readonly #calls: CallReader | undefined;

  constructor({ reasoning, calls }: ReadingOptions, newId: () => string) {
    if (reasoning === 'harmony') this.#first = new HarmonyReader(newId);
    else if (reasoning !== 'none') this.#first = new ReasoningParser(reasoning === 'opened');
    if (reasoning !== 'harmony' && calls !== undefined) this.#calls = new CallReader({ ...calls, newId });
  }

  push(text: string): readonly AnswerPart[] {
    return this.#readCalls(this.#first?.push(text) ?? [{ kind: 'text', text }]);
  }

  /** The rest, once no more text will come. */
  flush(): readonly AnswerPart[] {
    return [...this.#readCalls(this.#first?.flush() ?? []), ...(this.#calls?.flush() ?? [])];
  }

  #readCalls(parts: readonly AnswerPart[]): readonly AnswerPart[] {
    const calls = this.#calls;
    if (calls === undefined) return parts;
    return parts.flatMap((part) => (part.kind === 'text' ? calls.push(part.text) : [part]));
  }
}
