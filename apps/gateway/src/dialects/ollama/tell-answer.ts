import { openChat } from '../../chat/open-chat.js';
import { clusterHeaders, type StreamedResponse } from '../../http/streamed-response.js';
import { AnswerEncoder, type AnswerPiece, type AnswerSettings } from './encode-answer.js';
import type { JsonObject } from './fields.js';
import { encodeLines, JSON_TYPE, NDJSON, tellLines } from './stream-lines.js';

/** What an answer needs to be timed by. */
export interface Clock {
  /** ms, only forward. */
  readonly now: () => number;
  /** As Ollama writes it. */
  readonly time: () => string;
}

type Chunks = Awaited<ReturnType<typeof openChat>>;

/**
 * An answer of Ollama out of the engine's: as lines, or as one object once it is complete.
 * @throws EngineRefusal when the engine refused; what the answer breaks off with, where it is not streamed
 */
export async function tellAnswer(
  answer: StreamedResponse,
  settings: AnswerSettings & { readonly streaming: boolean },
  clock: Clock,
): Promise<StreamedResponse> {
  const chunks = await openChat(answer);
  const encoder = new AnswerEncoder(settings);
  const lines = settings.streaming
    ? tellLines(streamed(chunks, encoder, clock))
    : whole(chunks, encoder, clock);
  const headers = { ...clusterHeaders(answer), 'content-type': settings.streaming ? NDJSON : JSON_TYPE };
  return { status: 200, headers, body: lines };
}

async function* streamed(
  chunks: Chunks,
  encoder: AnswerEncoder,
  clock: Clock,
): AsyncGenerator<readonly JsonObject[], void, void> {
  for await (const batch of chunks) {
    const time = clock.time();
    const pieces = batch.map((chunk) => encoder.take(chunk, clock.now()));
    yield pieces.flatMap((piece) => (piece === undefined ? [] : [encoder.line(piece, time)]));
  }
  yield [encoder.lastLine(clock.now(), clock.time())];
}

async function* whole(
  chunks: Chunks,
  encoder: AnswerEncoder,
  clock: Clock,
): AsyncGenerator<Buffer, void, void> {
  const pieces: AnswerPiece[] = [];
  for await (const batch of chunks) {
    for (const chunk of batch) {
      const piece = encoder.take(chunk, clock.now());
      if (piece !== undefined) pieces.push(piece);
    }
  }
  yield encodeLines([encoder.whole(pieces, clock.now(), clock.time())]);
}
