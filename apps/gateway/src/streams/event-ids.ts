import type { CompletionResponse } from '../completions/completions.js';

export interface EventIdOptions {
  /** Events the client has; they are left out. */
  readonly after: number;
  /** Each event begins with its number, as `id: 7`. */
  readonly ids: boolean;
}

const LINE_FEED = 10;
const BLANK_LINE = '\n\n';

/** An event stream from the event after `after` on, counted from 1. Any other answer stays as it is. */
export function withEventIds(response: CompletionResponse, options: EventIdOptions): CompletionResponse {
  if (options.after === 0 && !options.ids) return response;
  const type = response.headers['content-type'] ?? '';
  if (!type.startsWith('text/event-stream')) return response;
  const body = numberEvents(response.body, options);
  return { ...response, body: options.after === 0 ? body : begunAlready(body) };
}

/** A client that comes back had the head of the answer: whatever happens now happens in mid-stream. */
async function* begunAlready(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  yield Buffer.alloc(0);
  yield* body;
}

/** Events end with an empty line; chunks may end anywhere. An event that ended with no empty line is one too. */
export async function* numberEvents(
  body: AsyncIterable<Buffer>,
  { after, ids }: EventIdOptions,
): AsyncGenerator<Buffer, void, void> {
  let number = 1;
  let within = false;
  let lineEnded = false;
  for await (const chunk of body) {
    const pieces: Buffer[] = [];
    for (let offset = 0; offset < chunk.length;) {
      const end = endOfEvent(chunk, offset, lineEnded);
      const piece = chunk.subarray(offset, end ?? chunk.length);
      if (number > after) {
        if (ids && !within) pieces.push(Buffer.from(`id: ${number}\n`));
        pieces.push(piece);
      }
      offset += piece.length;
      within = end === undefined;
      lineEnded = within && piece.at(-1) === LINE_FEED;
      if (!within) number++;
    }
    if (pieces.length > 0) yield pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
  }
}

function endOfEvent(chunk: Buffer, offset: number, lineEnded: boolean): number | undefined {
  if (offset === 0 && lineEnded && chunk[0] === LINE_FEED) return 1;
  const end = chunk.indexOf(BLANK_LINE, offset);
  return end < 0 ? undefined : end + BLANK_LINE.length;
}
