import type { AnswerPart } from './answer-part.js';
import { REASONING_TAGS, ReasoningParser } from './reasoning-parser.js';
import { TOOL_CALL_TAGS, ToolCallParser } from './tool-call-parser.js';

/** What an answer is searched for. */
export interface ReadingOptions {
  /** `opened`: the prompt has begun it already. `none`: an answer's tags are text. */
  readonly reasoning: 'none' | 'possible' | 'opened';
  readonly toolCalls: boolean;
}

/** For raw completions: everything is text. */
export const PLAIN: ReadingOptions = { reasoning: 'none', toolCalls: false };

/** Tags that must be visible in the text; in some vocabularies they are special tokens without text. */
export function shownTags(options: ReadingOptions): readonly string[] {
  return [
    ...(options.reasoning === 'none' ? [] : REASONING_TAGS),
    ...(options.toolCalls ? TOOL_CALL_TAGS : []),
  ];
}

/** Reads the parts of an answer from its text as it comes. */
export class AnswerReader {
  readonly #reasoning: ReasoningParser | undefined;
  readonly #toolCalls: ToolCallParser | undefined;

  constructor(options: ReadingOptions, newCallId: () => string) {
    const { reasoning, toolCalls } = options;
    this.#reasoning = reasoning === 'none' ? undefined : new ReasoningParser(reasoning === 'opened');
    this.#toolCalls = toolCalls ? new ToolCallParser(newCallId) : undefined;
  }

  push(text: string): readonly AnswerPart[] {
    return this.#readCalls(this.#reasoning?.push(text) ?? [{ kind: 'text', text }]);
  }

  /** The rest, once no more text will come. */
  flush(): readonly AnswerPart[] {
    return [...this.#readCalls(this.#reasoning?.flush() ?? []), ...(this.#toolCalls?.flush() ?? [])];
  }

  #readCalls(parts: readonly AnswerPart[]): readonly AnswerPart[] {
    const calls = this.#toolCalls;
    if (calls === undefined) return parts;
    return parts.flatMap((part) => (part.kind === 'text' ? calls.push(part.text) : [part]));
  }
}
