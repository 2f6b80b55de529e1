import type { AnswerPart } from './answer-part.js';
import { isObject } from './fields.js';

export const TOOL_CALL_TAGS = ['<tool_call>', '</tool_call>'] as const;
const [OPEN, CLOSE] = TOOL_CALL_TAGS;

/**
 * Finds tool calls of the Hermes form, `<tool_call>{"name": …, "arguments": …}</tool_call>`, in a text that arrives in
 * pieces. White space around calls is dropped. What looks like a call but is none is text again, unchanged.
 */
export class ToolCallParser {
  #text = '';
  /** True between the two tags. */
  #inside = false;
  /** True after a call, until text follows. */
  #afterCall = false;
  #calls = 0;
  readonly #newId: () => string;

  constructor(newId: () => string) {
    this.#newId = newId;
  }

  push(piece: string): AnswerPart[] {
    this.#text += piece;
    const parts: AnswerPart[] = [];
    while (this.#inside ? this.#close(parts) : this.#open(parts));
    return parts;
  }

  /** The rest, once no more text will come. A last call may lack its closing tag. */
  flush(): AnswerPart[] {
    const rest = this.#text;
    this.#text = '';
    if (this.#inside) return [this.#read(rest, '')];
    return this.#afterCall ? textParts(rest.trim()) : textParts(rest);
  }

  /** Releases text up to an opening tag, or up to what may become one. */
  #open(parts: AnswerPart[]): boolean {
    const index = this.#text.indexOf(OPEN);
    const found = index >= 0;
    const end = found ? index : this.#text.length - beginningOfTag(this.#text);
    const before = this.#text.slice(0, end).trimEnd();
    parts.push(...textParts(this.#afterCall ? before.trimStart() : before));
    if (before !== '') this.#afterCall = false;
    this.#inside = found;
    this.#text = this.#text.slice(found ? index + OPEN.length : before.length);
    return found;
  }

  #close(parts: AnswerPart[]): boolean {
    const index = this.#text.indexOf(CLOSE);
    if (index < 0) return false;
    parts.push(this.#read(this.#text.slice(0, index), CLOSE));
    this.#text = this.#text.slice(index + CLOSE.length);
    this.#inside = false;
    return true;
  }

  #read(inner: string, closing: string): AnswerPart {
    const call = readCall(inner);
    this.#afterCall = call !== undefined;
    if (call === undefined) return { kind: 'text', text: OPEN + inner + closing };
    return { kind: 'tool-call', call: { index: this.#calls++, id: this.#newId(), ...call } };
  }
}

function readCall(text: string): { name: string; arguments: string } | undefined {
  try {
    const call: unknown = JSON.parse(text);
    if (!isObject(call) || typeof call['name'] !== 'string') return undefined;
    return { name: call['name'], arguments: JSON.stringify(call['arguments'] ?? {}) };
  } catch {
    return undefined;
  }
}

/** Length of the longest end of a text that may be the beginning of an opening tag. */
function beginningOfTag(text: string): number {
  for (let length = OPEN.length - 1; length > 0; length--)
    if (text.endsWith(OPEN.slice(0, length))) return length;
  return 0;
}

function textParts(text: string): AnswerPart[] {
  return text === '' ? [] : [{ kind: 'text', text }];
}
