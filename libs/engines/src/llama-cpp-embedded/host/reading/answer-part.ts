/** A piece of an answer, in the order the model wrote it. */
export type AnswerPart =
  | { readonly kind: 'text' | 'reasoning'; readonly text: string }
  /** A call begins; all of its arguments follow as parts of their own. */
  | { readonly kind: 'call'; readonly call: StartedCall }
  /** More of the arguments of a call, as JSON text. */
  | { readonly kind: 'arguments'; readonly index: number; readonly text: string };

export interface StartedCall {
  /** 0, 1, 2 … within one answer. */
  readonly index: number;
  readonly id: string;
  readonly name: string;
}

export function textParts(kind: 'text' | 'reasoning', text: string): AnswerPart[] {
  return text === '' ? [] : [{ kind, text }];
}

/** Length of the longest end of a text that one of `tags` may begin with. */
export function beginningOfTag(text: string, tags: readonly string[]): number {
  const longest = Math.max(0, ...tags.map((tag) => tag.length - 1));
  for (let length = Math.min(longest, text.length); length > 0; length--) {
    const end = text.slice(-length);
    if (tags.some((tag) => tag.length > length && tag.startsWith(end))) return length;
  }
  return 0;
}
