import { LongshoreError } from '#contracts';
import { readChunks } from '../../chat/read-chunks.js';
import { encodeEvents, type ResponseAssembler, type ResponseEvent } from './response-assembler.js';

/**
 * The events of a response, as its chat completion is made. A chat completion that breaks off ends the response as
 * failed. Ending the iteration early ends that of `body`.
 * @param onFailure told what the response failed with, before its last event
 */
export async function* tellResponse(
  body: AsyncIterable<Buffer>,
  assembler: ResponseAssembler,
  onFailure: (error: unknown) => void,
): AsyncGenerator<ResponseEvent[], void, void> {
  yield assembler.begin();
  try {
    for await (const chunks of readChunks(body)) {
      const events = chunks.flatMap((chunk) => assembler.take(chunk));
      if (events.length > 0) yield events;
    }
    const last = assembler.finish(Date.now());
    const { error } = assembler.progress;
    if (error !== undefined) onFailure(new LongshoreError('engine_failed', error.message));
    yield last;
  } catch (error) {
    onFailure(error);
    yield assembler.fail(
      error instanceof LongshoreError ? error : new LongshoreError('internal'),
      Date.now(),
    );
  }
}

/** Events as bytes, without those up to number `after`. */
export async function* encodeTold(
  told: AsyncIterable<readonly ResponseEvent[]>,
  after = -1,
): AsyncGenerator<Buffer, void, void> {
  for await (const events of told) {
    const wanted = events.filter((event) => event.sequence_number > after);
    if (wanted.length > 0) yield Buffer.from(encodeEvents(wanted));
  }
}
