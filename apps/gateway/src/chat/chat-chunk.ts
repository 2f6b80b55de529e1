/** What is read of one chunk of a streamed chat completion. Engines say more; that is not looked at. */
export interface ChatChunk {
  readonly choices?: readonly ChatChoice[];
  /** In the last chunk, where `stream_options.include_usage` asked for it. */
  readonly usage?: ChatUsage | null;
  /** How llama-server spent its time; in its last chunk. */
  readonly timings?: ChatTimings;
  /** The engine failed after it had begun to answer. */
  readonly error?: { readonly message?: string; readonly type?: string; readonly code?: unknown };
}

export interface ChatChoice {
  readonly index?: number;
  readonly delta?: ChatDelta;
  /** `stop`, `length`, `tool_calls` or `content_filter` in the last chunk of a choice. */
  readonly finish_reason?: string | null;
  /** The stop sequence that ended the answer, where the engine tells: llama-server as text, vLLM also as a token id. */
  readonly stop_reason?: string | number | null;
  readonly logprobs?: { readonly content?: readonly unknown[] | null } | null;
}

export interface ChatDelta {
  readonly content?: string | null;
  readonly reasoning_content?: string | null;
  /** As newer engines name it. */
  readonly reasoning?: string | null;
  readonly tool_calls?: readonly ToolCallDelta[];
}

/** The first piece of a call has its id and name; all pieces of its arguments joined are JSON. */
export interface ToolCallDelta {
  readonly index: number;
  readonly id?: string;
  readonly function?: { readonly name?: string; readonly arguments?: string };
}

export interface ChatUsage {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly total_tokens?: number;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number } | null;
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number } | null;
}

/** Tokens, and ms. */
export interface ChatTimings {
  readonly prompt_n?: number;
  readonly prompt_ms?: number;
  readonly predicted_n?: number;
  readonly predicted_ms?: number;
  /** Tokens of the prompt that were known from an earlier request. */
  readonly cache_n?: number;
}
