import type { ChatChunk, ChatTimings, ChatUsage } from './chat-chunk.js';

/** A call of a tool, complete. */
export interface CollectedToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON, as the model wrote it; it may be none. */
  readonly arguments: string;
}

/** The first choice of a chat completion, put together. */
export interface CollectedChat {
  readonly content: string;
  readonly reasoning: string;
  readonly toolCalls: readonly CollectedToolCall[];
  /** Undefined while the answer is not complete. */
  readonly finishReason: string | undefined;
  readonly stopReason: string | number | undefined;
  readonly usage: ChatUsage | undefined;
  readonly timings: ChatTimings | undefined;
}

/** Puts the chunks of a chat completion together, for answers that are not streamed and for the last event of those that are. */
export class ChatCollector {
  private content = '';
  private reasoning = '';
  private readonly calls = new Map<number, { id: string; name: string; arguments: string }>();
  private finishReason: string | undefined;
  private stopReason: string | number | undefined;
  private usage: ChatUsage | undefined;
  private timings: ChatTimings | undefined;

  take(chunk: ChatChunk): void {
    this.usage = chunk.usage ?? this.usage;
    this.timings = chunk.timings ?? this.timings;
    const choice = chunk.choices?.find(({ index = 0 }) => index === 0);
    if (choice === undefined) return;
    this.finishReason = choice.finish_reason ?? this.finishReason;
    this.stopReason = choice.stop_reason ?? this.stopReason;
    const { content, reasoning_content: thought, reasoning, tool_calls: calls = [] } = choice.delta ?? {};
    this.content += content ?? '';
    this.reasoning += thought ?? reasoning ?? '';
    for (const piece of calls) {
      const call = this.calls.get(piece.index) ?? { id: '', name: '', arguments: '' };
      this.calls.set(piece.index, call);
      call.id ||= piece.id ?? '';
      call.name ||= piece.function?.name ?? '';
      call.arguments += piece.function?.arguments ?? '';
    }
  }

  /** What was said so far. */
  get chat(): CollectedChat {
    const { content, reasoning, finishReason, stopReason, usage, timings } = this;
    const toolCalls = [...this.calls.entries()].sort(([a], [b]) => a - b).map(([, call]) => ({ ...call }));
    return { content, reasoning, toolCalls, finishReason, stopReason, usage, timings };
  }
}
