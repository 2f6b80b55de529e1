import { randomUUID } from 'node:crypto';
import type { AnswerEncoding, AnswerEnd, AnswerFrame } from './encode-chunk.js';
import type { AnswerPart } from './answer-part.js';
import type { Answer } from './service.js';
import { ToolCallParser } from './tool-call-parser.js';

export interface AnswerOptions {
  readonly encoding: AnswerEncoding;
  readonly model: string;
  readonly fingerprint: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

/** Pieces of text as they are written; returns how the answer ended. */
export type WrittenText = AsyncGenerator<string, AnswerEnd, void>;

/** The same, with tool calls told from text. */
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

/** Takes everything for text. */
export async function* asText(text: WrittenText): WrittenParts {
  try {
    for (;;) {
      const next = await text.next();
      if (next.done === true) return next.value;
      yield { kind: 'text', text: next.value };
    }
  } finally {
    await text.return(undefined as never);
  }
}

/** An answer that calls a tool and ends by itself ends for that reason. */
export async function* withToolCalls(text: WrittenText): WrittenParts {
  const parser = new ToolCallParser(() => `call_${randomUUID().replaceAll('-', '')}`);
  let called = false;
  const note = (parts: readonly AnswerPart[]): readonly AnswerPart[] => {
    called ||= parts.some((part) => part.kind === 'tool-call');
    return parts;
  };
  try {
    for (;;) {
      const next = await text.next();
      yield* note(next.done === true ? parser.flush() : parser.push(next.value));
      if (next.done !== true) continue;
      return called && next.value.finishReason === 'stop'
        ? { ...next.value, finishReason: 'tool_calls' }
        : next.value;
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
