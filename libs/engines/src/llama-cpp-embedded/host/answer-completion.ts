import { randomUUID } from 'node:crypto';
import type { AnswerEncoding, AnswerFrame, EncodedChoice } from './encode-chunk.js';
import { mergeChoices } from './merge-choices.js';
import type { Answer } from './service.js';
import { totalOf, type AnswerEnd, type AnswerPiece, type WrittenParts } from './written-answer.js';

export interface AnswerOptions {
  readonly encoding: AnswerEncoding;
  readonly model: string;
  readonly fingerprint: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly verbose: boolean;
}

/** A whole answer is awaited; a stream is begun by who reads it. */
export async function answerCompletion(
  choices: readonly WrittenParts[],
  options: AnswerOptions,
): Promise<Answer> {
  const { encoding, model, fingerprint } = options;
  const frame: AnswerFrame = {
    id: `chatcmpl-${randomUUID().replaceAll('-', '')}`,
    created: Math.floor(Date.now() / 1000),
    model,
    fingerprint,
  };
  if (options.stream) return { kind: 'stream', chunks: streamChunks(choices, frame, options) };
  return { kind: 'whole', body: encoding.whole(frame, await readWhole(choices)) };
}

async function readWhole(choices: readonly WrittenParts[]): Promise<readonly EncodedChoice[]> {
  const pieces: AnswerPiece[][] = choices.map(() => []);
  const ends: AnswerEnd[] = [];
  for await (const event of mergeChoices(choices)) {
    if (event.kind === 'piece') pieces[event.index]?.push(event.piece);
    else ends[event.index] = event.end;
  }
  return ends.map((end, index) => ({ end, pieces: pieces[index] ?? [] }));
}

async function* streamChunks(
  choices: readonly WrittenParts[],
  frame: AnswerFrame,
  { encoding, includeUsage, verbose }: AnswerOptions,
): AsyncGenerator<object, void, void> {
  const opened = new Set<number>();
  const ends: AnswerEnd[] = [];
  for await (const event of mergeChoices(choices)) {
    const { index } = event;
    if (!opened.has(index)) yield* encoding.opening(frame, index);
    opened.add(index);
    if (event.kind === 'piece') {
      yield encoding.piece(frame, index, event.piece);
      continue;
    }
    ends.push(event.end);
    yield* encoding.ending(frame, index, event.end);
    if (ends.length < choices.length) yield encoding.last(frame, index, event.end);
    else yield* encoding.closing(frame, index, event.end, { total: totalOf(ends), includeUsage, verbose });
  }
}
