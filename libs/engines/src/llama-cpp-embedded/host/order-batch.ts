/** Tokens that one sequence wants computed next. */
export interface BatchCandidate {
  readonly tokens: number;
  /** Undefined when it could not be learnt. */
  readonly sequenceId: number | undefined;
}

export interface BatchShare {
  /** Position in the list of candidates. */
  readonly index: number;
  /** At least 1. */
  readonly tokens: number;
}

/**
 * Divides a batch of `size` tokens between sequences: in the order of their ids, because llama.cpp computes together
 * only what stands under consecutive ids (unsorted, a step of 15 streams takes nearly twice as long); in the order of
 * arrival when an id is unknown. Short wishes are met first, so a stream's next token never waits for the prompt of
 * another; what remains is shared evenly.
 */
export function orderBatch(candidates: readonly BatchCandidate[], size: number): BatchShare[] {
  const shares = candidates.map(() => 0);
  const byLength = candidates.map((_, index) => index);
  byLength.sort((a, b) => tokensOf(candidates, a) - tokensOf(candidates, b));
  let left = size;
  for (const [rank, index] of byLength.entries()) {
    const fair = Math.max(1, Math.floor(left / (byLength.length - rank)));
    const share = Math.min(tokensOf(candidates, index), fair, left);
    shares[index] = share;
    left -= share;
  }
  const order = candidates.map((_, index) => index);
  if (candidates.every((candidate) => candidate.sequenceId !== undefined))
    order.sort((a, b) => (candidates[a]?.sequenceId ?? 0) - (candidates[b]?.sequenceId ?? 0));
  return order.map((index) => ({ index, tokens: shares[index] ?? 0 })).filter((share) => share.tokens > 0);
}

function tokensOf(candidates: readonly BatchCandidate[], index: number): number {
  return candidates[index]?.tokens ?? 0;
}
