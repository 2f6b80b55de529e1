import { hash } from 'node:crypto';
import type { ChatChunk, ChatUsage } from '../../chat/chat-chunk.js';

/** Why a message ended, in the words of the API. */
export interface MessageEnd {
  readonly stop_reason: string | null;
  readonly stop_sequence: string | null;
  readonly stop_details: Readonly<Record<string, unknown>> | null;
}

export interface MessageUsage {
  /** Without those read from the cache. */
  readonly input_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly output_tokens: number;
  readonly output_tokens_details: { readonly thinking_tokens: number } | null;
  readonly server_tool_use: null;
}

/** What is known before the first token. */
export interface MessageOrigin {
  readonly id: string;
  readonly model: string;
}

export const UNFINISHED: MessageEnd = { stop_reason: null, stop_sequence: null, stop_details: null };

const ID_DIGITS = 24;

/** The same for whoever reads the answer to a request, at whatever gateway. */
export function messageId(requestId: string): string {
  return `msg_${hash('sha256', requestId, 'hex').slice(0, ID_DIGITS)}`;
}

export function encodeMessage(
  { id, model }: MessageOrigin,
  content: readonly object[],
  end: MessageEnd,
  usage: MessageUsage,
): Readonly<Record<string, unknown>> {
  return {
    id,
    type: 'message',
    role: 'assistant',
    model,
    content,
    ...end,
    container: null,
    diagnostics: null,
    usage: {
      ...usage,
      cache_creation: null,
      inference_geo: null,
      service_tier: 'standard',
      speed: 'standard',
    },
  };
}

export function encodeUsage(usage: ChatUsage | undefined): MessageUsage {
  const { prompt_tokens: prompt = 0, completion_tokens: completion = 0 } = usage ?? {};
  const cached = Math.min(prompt, usage?.prompt_tokens_details?.cached_tokens ?? 0);
  const thinking = usage?.completion_tokens_details?.reasoning_tokens;
  return {
    input_tokens: prompt - cached,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cached,
    output_tokens: completion,
    output_tokens_details: thinking === undefined ? null : { thinking_tokens: thinking },
    server_tool_use: null,
  };
}

/** How an answer of the engine ended. */
export interface ChatEnd {
  readonly finishReason: string;
  /** The stop sequence that ended it, where the engine told. */
  readonly stopSequence: string | undefined;
  readonly callsTools: boolean;
  readonly outputTokens: number;
  /** What the caller allowed. */
  readonly maxTokens: number | undefined;
}

export function encodeEnd(end: ChatEnd): MessageEnd {
  const reason = stopReason(end);
  return {
    stop_reason: reason,
    stop_sequence: reason === 'stop_sequence' ? (end.stopSequence ?? null) : null,
    stop_details: reason === 'refusal' ? { type: 'refusal', category: null, explanation: null } : null,
  };
}

function stopReason({ finishReason, stopSequence, callsTools, outputTokens, maxTokens }: ChatEnd): string {
  switch (finishReason) {
    case 'length':
      // Fewer tokens than the caller allowed: nothing else has ended them but the context.
      return maxTokens !== undefined && outputTokens > 0 && outputTokens < maxTokens
        ? 'model_context_window_exceeded'
        : 'max_tokens';
    case 'content_filter':
      return 'refusal';
    default:
      if (stopSequence !== undefined) return 'stop_sequence';
      return callsTools ? 'tool_use' : 'end_turn';
  }
}

/** Members of a last chunk that only some engines have. */
interface ToldEnd {
  /** SGLang. */
  readonly matched_stop?: unknown;
}

/** llama-server, where it is asked to be verbose. */
interface Verbose {
  readonly stopping_word?: unknown;
}

/**
 * The stop sequence that an engine says has ended its answer.
 * @param asked what the caller gave: an engine may stop for reasons of its own, too
 */
export function stopSequenceOf(chunk: ChatChunk, asked: readonly string[]): string | undefined {
  const [choice] = chunk.choices ?? [];
  const { matched_stop: matched } = (choice ?? {}) as ToldEnd;
  const { __verbose: verbose } = chunk as { readonly __verbose?: Verbose };
  const told: readonly unknown[] = [choice?.stop_reason, matched, verbose?.stopping_word];
  return asked.find((sequence) => told.includes(sequence));
}
