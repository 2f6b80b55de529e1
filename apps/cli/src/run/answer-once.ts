import type { CommandContext } from '../command-context.js';
import { coloursFor, wantsColours } from '../output/colours.js';
import { AnswerWriter } from './answer-writer.js';
import { askChat, type ChatOutcome } from './ask-chat.js';
import type { Usage } from './chat-chunk.js';
import { type ChatMessage, chatRequest, type Sampling } from './chat-request.js';

export interface Question {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly sampling: Sampling;
  /** Of this question alone; the end of the command ends it as well. */
  readonly signal?: AbortSignal;
}

/** An answer that has come to its end. */
export interface Answer extends ChatOutcome {
  readonly text: string;
  readonly reasoning: string;
  /** From the question to its first token, and to the end; ms. Absent: there was no token. */
  readonly firstTokenMs?: number;
  readonly totalMs: number;
}

/** Asks, and writes the answer as it comes, unless it is `silent`. @throws CommandFailure, or an AbortError */
export async function answerOnce(
  context: CommandContext,
  question: Question,
  { silent = false, showThinking = true } = {},
): Promise<Answer> {
  const { stdout, stderr, client } = context;
  const signal = question.signal ?? context.signal;
  const body = chatRequest(question.model, question.messages, question.sampling);
  const colours = coloursFor(wantsColours(stdout, context.config));
  const writer = new AnswerWriter({
    stdout,
    stderr,
    colours,
    showThinking: showThinking && stdout.isTTY === true,
  });
  const started = performance.now();
  let firstTokenMs: number | undefined;
  const said = { text: '', reasoning: '' };
  const parts = askChat({ client, body, signal });
  try {
    for (;;) {
      const { done, value } = await parts.next();
      if (done === true) {
        const totalMs = performance.now() - started;
        return { ...said, ...value, totalMs, ...(firstTokenMs !== undefined && { firstTokenMs }) };
      }
      if (!silent || value.kind === 'notice') writer.write(value);
      if (value.kind === 'notice') continue;
      firstTokenMs ??= performance.now() - started;
      said[value.kind] += value.text;
    }
  } finally {
    writer.end();
  }
}

export function describeUsage({ prompt_tokens: prompt, completion_tokens: completion }: Usage): string {
  return `Token usage: ${prompt} prompt + ${completion} completion = ${prompt + completion} total`;
}

/** What a user must know of an answer that has ended early; undefined when it has not. */
export function describeCut({ finishReason }: ChatOutcome): string | undefined {
  if (finishReason !== 'length') return undefined;
  return 'The answer was cut off: the token limit is reached, or the context is full.';
}
