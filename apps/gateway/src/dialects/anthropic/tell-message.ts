import type { ChatChunk } from '../../chat/chat-chunk.js';
import { clusterHeaders, jsonResponse, type StreamedResponse } from '../../http/streamed-response.js';
import { encodeEvents, type MessageAssembler } from './message-assembler.js';

type Chunks = AsyncIterable<readonly ChatChunk[]>;

const EVENT_STREAM = { 'content-type': 'text/event-stream; charset=utf-8' };

/** A message as the events of its making. Ending its body early ends the iteration of `chunks`. */
export function streamMessage(
  chunks: Chunks,
  assembler: MessageAssembler,
  answer: Pick<StreamedResponse, 'headers'>,
): StreamedResponse {
  return {
    status: 200,
    headers: { ...clusterHeaders(answer), ...EVENT_STREAM },
    body: tell(chunks, assembler),
  };
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
  answer: Pick<StreamedResponse, 'headers'>,
): Promise<StreamedResponse> {
  for await (const batch of chunks) for (const chunk of batch) assembler.take(chunk);
  assembler.finish();
  return jsonResponse(assembler.message, answer);
}
