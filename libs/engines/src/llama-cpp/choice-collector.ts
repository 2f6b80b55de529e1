/** One choice of one streamed event, as far as it is put together here. */
export interface StreamedChoice {
  readonly index: number;
  readonly finish_reason?: string | null;
  /** Of a chat. */
  readonly delta?: StreamedDelta;
  /** Of a text completion. */
  readonly text?: string;
  readonly logprobs?: { readonly content?: readonly unknown[] | null } | null;
}

interface StreamedDelta {
  readonly role?: string;
  readonly content?: string | null;
  readonly reasoning_content?: string | null;
  readonly tool_calls?: readonly StreamedToolCall[];
}

interface StreamedToolCall {
  readonly index: number;
  readonly id?: string;
  readonly type?: string;
  readonly function?: { readonly name?: string; readonly arguments?: string };
}

interface ToolCall {
  type: string;
  function: { name: string; arguments: string };
  id: string;
}

/** Adds up the pieces of one choice. */
export class ChoiceCollector {
  #content = '';
  #reasoning: string | undefined;
  #text: string | undefined;
  #finishReason: string | null = null;
  #logprobs: unknown[] | undefined;
  readonly #toolCalls = new Map<number, ToolCall>();

  constructor(readonly index: number) {}

  add(piece: StreamedChoice): void {
    const { delta = {}, text } = piece;
    this.#content += delta.content ?? '';
    if (typeof delta.reasoning_content === 'string') {
      this.#reasoning = (this.#reasoning ?? '') + delta.reasoning_content;
    }
    if (text !== undefined) this.#text = (this.#text ?? '') + text;
    this.#finishReason = piece.finish_reason ?? this.#finishReason;
    for (const call of delta.tool_calls ?? []) this.#addToolCall(call);
    if (piece.logprobs?.content) this.#logprobs = [...(this.#logprobs ?? []), ...piece.logprobs.content];
  }

  /** In the shape of an answer that was not streamed. */
  finished(): Record<string, unknown> {
    const logprobs = this.#logprobs && { content: this.#logprobs };
    if (this.#text !== undefined) {
      const { index } = this;
      return { text: this.#text, index, logprobs: logprobs ?? null, finish_reason: this.#finishReason };
    }
    const toolCalls = [...this.#toolCalls.values()];
    return {
      finish_reason: this.#finishReason,
      index: this.index,
      message: {
        role: 'assistant',
        content: this.#content,
        ...(this.#reasoning !== undefined && { reasoning_content: this.#reasoning }),
        ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
      },
      ...(logprobs && { logprobs }),
    };
  }

  #addToolCall(piece: StreamedToolCall): void {
    const call = this.#toolCalls.get(piece.index) ?? {
      type: 'function',
      function: { name: '', arguments: '' },
      id: '',
    };
    this.#toolCalls.set(piece.index, call);
    call.id += piece.id ?? '';
    call.function.name += piece.function?.name ?? '';
    call.function.arguments += piece.function?.arguments ?? '';
  }
}
