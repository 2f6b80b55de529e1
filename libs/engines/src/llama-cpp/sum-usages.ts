import type { Members } from '../going-on/streamed-event.js';
import { isObject } from '../request-body.js';

/**
 * llama-server counts each choice as if it were alone. What a request with several costs: all tokens that were made, and
 * each prompt once.
 * @param choices how many choices each prompt has
 */
export function sumUsages(usages: readonly Members[], choices: number): Members {
  const [only] = usages;
  if (only !== undefined && usages.length === 1) return only;
  const completionTokens = sumOf(usages, 'completion_tokens');
  const promptTokens = Math.round(sumOf(usages, 'prompt_tokens') / choices);
  const details = usages.flatMap(({ prompt_tokens_details: detail }) => (isObject(detail) ? [detail] : []));
  return {
    completion_tokens: completionTokens,
    prompt_tokens: promptTokens,
    total_tokens: promptTokens + completionTokens,
    ...(details.length > 0 && {
      prompt_tokens_details: { cached_tokens: Math.round(sumOf(details, 'cached_tokens') / choices) },
    }),
  };
}

function sumOf(members: readonly Members[], name: string): number {
  return members.reduce((sum, each) => sum + Number(each[name] ?? 0), 0);
}
