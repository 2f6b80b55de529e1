import { randomUUID } from 'node:crypto';
import type { AnswerEncoding, AnswerEnd, AnswerFrame } from './encode-chunk.js';
import type { Answer } from './service.js';

export interface AnswerOptions {
  readonly encoding: AnswerEncoding;
  readonly model: string;
  readonly fingerprint: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

/** Pieces of text as they are written; returns how the answer ended. */
export type WrittenText = AsyncGenerator<string, AnswerEnd, void>;

/** A whole answer is awaited; a stream is begun by who reads it. */
export async function answerCompletion(text: WrittenText, options: AnswerOptions): Promise<Answer> {
  const { encoding, model, fingerprint } = options;
  const frame: AnswerFrame = {
    id: `chatcmpl-${randomUUID().replaceAll('-', '')}`,
    created: Math.floor(Date.now() / 1000),
    model,
    fingerprint,
  };
  if (options.stream) return { kind: 'stream', chunks: streamChunks(text, frame, options) };
  let whole = '';
  for (;;) {
    const next = await text.next();
    if (next.done === true) return { kind: 'whole', body: encoding.whole(frame, next.value, whole) };
    whole += next.value;
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

async function* streamChunks(
  text: WrittenText,
  frame: AnswerFrame,
  { encoding, includeUsage }: AnswerOptions,
): AsyncGenerator<object, void, void> {
  try {
    for (let next = await text.next(), first = true; ; next = await text.next(), first = false) {
      if (first) yield* encoding.opening(frame);
      if (next.done === true) {
        yield* encoding.closing(frame, next.value, includeUsage);
        return;
      }
      yield encoding.piece(frame, next.value);
    }
  } finally {
    // Gives the slot back when the reader leaves early.
    await text.return(undefined as never);
  }
}
