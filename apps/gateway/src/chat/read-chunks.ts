import type { ChatChunk } from './chat-chunk.js';

const EVENT_END = /\r?\n\r?\n/;
const LINE_END = /\r?\n/;
const DONE = '[DONE]';

/** The chunks of a streamed chat completion, wherever its bytes are cut. Ending the iteration early ends that of `body`. */
export async function* readChunks(body: AsyncIterable<Buffer>): AsyncGenerator<ChatChunk[], void, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    const events = (rest + decoder.decode(bytes, { stream: true })).split(EVENT_END);
    rest = events.pop() ?? '';
    const chunks = events.flatMap(readChunk);
    if (chunks.length > 0) yield chunks;
  }
}

/** Comments, other fields and the end mark hold no chunk. */
function readChunk(event: string): ChatChunk[] {
  const data = event
    .split(LINE_END)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).trimStart())
    .join('\n');
  return data === '' || data === DONE ? [] : [JSON.parse(data) as ChatChunk];
}
