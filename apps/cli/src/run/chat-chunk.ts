/** What an answer took, in tokens. */
export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

/** An event of a streamed chat completion, as far as it is read here. */
export interface ChatChunk {
  readonly id?: string;
  readonly model?: string;
  readonly choices?: readonly {
    readonly delta?: { readonly content?: string | null; readonly reasoning_content?: string | null };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: Usage | null;
  /** Of llama.cpp. */
  readonly timings?: Readonly<Record<string, number>>;
  readonly error?: { readonly message?: string; readonly code?: string | number | null } | string;
}

/** undefined when it is none. */
export function readChunk(data: string): ChatChunk | undefined {
  try {
    const chunk: unknown = JSON.parse(data);
    return typeof chunk === 'object' && chunk !== null ? chunk : undefined;
  } catch {
    return undefined;
  }
}
