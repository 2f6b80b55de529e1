import { randomUUID } from 'node:crypto';
import type { AnswerEncoding, AnswerEnd, AnswerFrame } from './encode-chunk.js';
import type { AnswerPart } from './answer-part.js';
import type { Answer } from './service.js';
import { AnswerReader, type ReadingOptions } from './answer-reader.js';

export interface AnswerOptions {
  readonly encoding: AnswerEncoding;
  readonly model: string;
  readonly fingerprint: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

/** Pieces of text as they are written; returns how the answer ended. */
export type WrittenText = AsyncGenerator<string, AnswerEnd, void>;

/** The same, with reasoning and tool calls told from text. */
export type WrittenParts = AsyncGenerator<AnswerPart, AnswerEnd, void>;

/** A whole answer is awaited; a stream is begun by who reads it. */
export async function answerCompletion(written: WrittenParts, options: AnswerOptions): Promise<Answer> {
  const { encoding, model, fingerprint } = options;
  const frame: AnswerFrame = {
    id: `chatcmpl-${randomUUID().replaceAll('-', '')}`,
    created: Math.floor(Date.now() / 1000),
    model,
    fingerprint,
  };
  if (options.stream) return { kind: 'stream', chunks: streamChunks(written, frame, options) };
  const parts: AnswerPart[] = [];
  for (;;) {
    const next = await written.next();
    if (next.done === true) return { kind: 'whole', body: encoding.whole(frame, next.value, parts) };
    parts.push(next.value);
  }
}

/** The beginning that the caller gave counts as part of the answer, and comes with its first piece. */
export async function* withBeginning(beginning: string, text: WrittenText): WrittenText {
  try {
    let next = await text.next();
    if (beginning !== '') yield next.done === true ? beginning : beginning + next.value;
    else if (next.done !== true) yield next.value;
    while (next.done !== true) {
      next = await text.next();
      if (next.done !== true) yield next.value;
    }
    return next.value;
  } finally {
    await text.return(undefined as never);
  }
}

/** An answer that calls a tool and ends by itself ends for that reason. */
export async function* readParts(text: WrittenText, options: ReadingOptions): WrittenParts {
  const reader = new AnswerReader(options, () => `call_${randomUUID().replaceAll('-', '')}`);
  let called = false;
  try {
    for (;;) {
      const next = await text.next();
      const parts = next.done === true ? reader.flush() : reader.push(next.value);
      called ||= parts.some((part) => part.kind === 'tool-call');
      yield* parts;
      if (next.done !== true) continue;
      const end = next.value;
      return called && end.finishReason === 'stop' ? { ...end, finishReason: 'tool_calls' } : end;
    }
  } finally {
    await text.return(undefined as never);
  }
}

async function* streamChunks(
  written: WrittenParts,
  frame: AnswerFrame,
  { encoding, includeUsage }: AnswerOptions,
): AsyncGenerator<object, void, void> {
  try {
    for (let next = await written.next(), first = true; ; next = await written.next(), first = false) {
      if (first) yield* encoding.opening(frame);
      if (next.done === true) {
        yield* encoding.closing(frame, next.value, includeUsage);
        return;
      }
      yield encoding.piece(frame, next.value);
    }
  } finally {
    // Gives the slot back when the reader leaves early.
    await written.return(undefined as never);
  }
}
