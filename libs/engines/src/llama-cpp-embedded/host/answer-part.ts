/** A piece of an answer, in the order the model wrote it. */
export type AnswerPart =
  | { readonly kind: 'text' | 'reasoning'; readonly text: string }
  | { readonly kind: 'tool-call'; readonly call: ToolCall };

export interface ToolCall {
  /** 0, 1, 2 … within one answer. */
  readonly index: number;
  readonly id: string;
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
}
