/** How probable a token was, before anything that steers the drawing was applied. */
export interface TokenLogprob {
  readonly id: number;
  /** Natural logarithm of its probability. */
  readonly logprob: number;
  /** The most probable tokens at its place, the first one first. */
  readonly top: readonly RankedToken[];
}

export interface RankedToken {
  readonly id: number;
  readonly logprob: number;
}

/** So many of the most probable tokens can be told at most. */
export const TOP_LOGPROBS_LIMIT = 20;

/** A token's logprob with the texts of all tokens, as answers carry it. */
export interface SpelledLogprob extends SpelledToken {
  readonly top_logprobs: readonly SpelledToken[];
}

interface SpelledToken {
  readonly id: number;
  readonly token: string;
  /** UTF-8; null for a token that is no whole character. */
  readonly bytes: readonly number[] | null;
  readonly logprob: number;
}

/** @param spell - text of a token; a part of a character comes out as U+FFFD */
export function spellLogprob(
  { id, logprob, top }: TokenLogprob,
  count: number,
  spell: (token: number) => string,
): SpelledLogprob {
  const spelled = (token: RankedToken): SpelledToken => {
    const text = spell(token.id);
    const bytes = text.includes('\uFFFD') ? null : [...Buffer.from(text)];
    return { id: token.id, token: text, bytes, logprob: token.logprob };
  };
  return { ...spelled({ id, logprob }), top_logprobs: top.slice(0, count).map(spelled) };
}
