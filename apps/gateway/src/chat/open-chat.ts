import { EngineRefusal, readRefusal } from '../http/engine-refusal.js';
import { isEventStream, type StreamedResponse } from '../http/streamed-response.js';
import type { ChatChunk } from './chat-chunk.js';
import { readChunks } from './read-chunks.js';

/** Status of an engine that failed half-way and gave none. */
const FAILED = 500;

/**
 * The chunks of a chat completion that was asked for as a stream.
 * @returns an iteration that throws what the body breaks off with, and EngineRefusal when the engine says in the stream
 * that it failed; ending it early cancels the work
 * @throws EngineRefusal when the engine answered with anything but a stream
 */
export async function openChat(
  response: StreamedResponse,
): Promise<AsyncGenerator<readonly ChatChunk[], void, void>> {
  if (response.status !== 200 || !isEventStream(response)) throw await readRefusal(response);
  return failing(readChunks(response.body));
}

async function* failing(
  chunks: AsyncIterable<readonly ChatChunk[]>,
): AsyncGenerator<readonly ChatChunk[], void, void> {
  for await (const batch of chunks) {
    const failed = batch.findIndex(({ error }) => error !== undefined);
    if (failed < 0) {
      yield batch;
      continue;
    }
    if (failed > 0) yield batch.slice(0, failed);
    throw new EngineRefusal(FAILED, JSON.stringify({ error: batch[failed]?.error }));
  }
}
