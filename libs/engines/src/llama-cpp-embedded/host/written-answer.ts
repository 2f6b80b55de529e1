import type { AnswerPart } from './reading/answer-part.js';
import type { SpelledLogprob } from './token-logprob.js';

/** How an answer ended, and what it took. */
export interface AnswerEnd {
  readonly finishReason: 'stop' | 'length' | 'tool_calls';
  /** The stop string that ended it, if one did. */
  readonly stop?: string;
  readonly promptTokens: number;
  /** Part of the prompt that was not computed again. */
  readonly cachedTokens: number;
  /** Counts the token that ended the answer, too. */
  readonly completionTokens: number;
  readonly promptMs: number;
  readonly completionMs: number;
  /** Of tokens that came after the last piece. */
  readonly logprobs: readonly SpelledLogprob[];
}

/** Text as it was written, with the tokens it was made of where their probabilities are wanted. */
export interface TextPiece {
  /** Not empty. */
  readonly text: string;
  readonly logprobs: readonly SpelledLogprob[];
}

export interface AnswerPiece {
  readonly part: AnswerPart;
  readonly logprobs: readonly SpelledLogprob[];
}

/** Pieces of text as they are written; returns how the answer ended. */
export type WrittenText = AsyncGenerator<TextPiece, AnswerEnd, void>;

/** The same, with reasoning and tool calls told from text. */
export type WrittenParts = AsyncGenerator<AnswerPiece, AnswerEnd, void>;

/** What several answers to one prompt took together; the prompt counts once. */
export function totalOf(ends: readonly AnswerEnd[]): AnswerEnd {
  const [first, ...others] = ends;
  if (first === undefined) throw new Error('An answer has at least one choice.');
  return others.reduce(
    (total, end) => ({
      ...total,
      completionTokens: total.completionTokens + end.completionTokens,
      completionMs: Math.max(total.completionMs, end.completionMs),
      promptMs: Math.min(total.promptMs, end.promptMs),
    }),
    first,
  );
}
