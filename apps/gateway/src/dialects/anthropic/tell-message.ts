import type { ChatChunk } from '../../chat/chat-chunk.js';
import type { StreamedResponse } from '../../http/streamed-response.js';
import { encodeEvents, type MessageAssembler } from './message-assembler.js';

type Chunks = AsyncIterable<readonly ChatChunk[]>;
type Headers = StreamedResponse['headers'];

const EVENT_STREAM = { 'content-type': 'text/event-stream; charset=utf-8' };
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** A message as the events of its making. Ending its body early ends the iteration of `chunks`. */
export function streamMessage(
  chunks: Chunks,
  assembler: MessageAssembler,
  headers: Headers,
): StreamedResponse {
  return { status: 200, headers: { ...headers, ...EVENT_STREAM }, body: tell(chunks, assembler) };
}

async function* tell(chunks: Chunks, assembler: MessageAssembler): AsyncGenerator<Buffer, void, void> {
  for await (const batch of chunks) {
    const events = batch.flatMap((chunk) => assembler.take(chunk));
    if (events.length > 0) yield Buffer.from(encodeEvents(events));
  }
  yield Buffer.from(encodeEvents(assembler.finish()));
}

/** A message that is told when it is complete. @throws what `chunks` break off with */
export async function wholeMessage(
  chunks: Chunks,
  assembler: MessageAssembler,
  headers: Headers,
): Promise<StreamedResponse> {
  for await (const batch of chunks) for (const chunk of batch) assembler.take(chunk);
  assembler.finish();
  return answerJson(assembler.message, headers);
}

export function answerJson(data: object, headers: Headers): StreamedResponse {
  async function* body(): AsyncGenerator<Buffer, void, void> {
    yield Buffer.from(JSON.stringify(data));
  }
  return { status: 200, headers: { ...headers, ...JSON_TYPE }, body: body() };
}

/** Headers of the cluster; those of the engine's own answer do not fit the translated one. */
export function ourHeaders({ headers }: StreamedResponse): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-longshore-')));
}
