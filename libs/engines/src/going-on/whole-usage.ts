import type { Members } from './streamed-event.js';
import { isObject } from '../request-body.js';

export interface TokenCounts {
  /** Of the prompt, without the answer. */
  readonly promptTokens: number;
  /** Of the answer, as far as it was delivered. */
  readonly deliveredTokens: number;
}

/** The usage of a whole answer from that of its last part: as if it had been made at once. */
export function wholeUsage(usage: Members, { promptTokens, deliveredTokens }: TokenCounts): Members {
  const completionTokens = deliveredTokens + Number(usage['completion_tokens'] ?? 0);
  const details = usage['prompt_tokens_details'];
  const cached = isObject(details) ? Number(details['cached_tokens'] ?? 0) : 0;
  return {
    completion_tokens: completionTokens,
    prompt_tokens: promptTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: Math.min(cached, promptTokens) },
  };
}
