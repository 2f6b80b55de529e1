import { readLines } from './read-lines.js';

/** A part of an event stream: an event, or a comment, which says how the request is doing. */
export type StreamPart =
  | { readonly kind: 'event'; readonly event: string; readonly data: string; readonly id?: string }
  | { readonly kind: 'comment'; readonly text: string };

/** The events and comments of a body of server-sent events, as they come. An event without its blank line is dropped. */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<StreamPart, void, void> {
  let event = '';
  let id: string | undefined;
  let data: string[] = [];
  for await (const line of readLines(body)) {
    if (line === '') {
      if (data.length > 0)
        yield {
          kind: 'event',
          event: event === '' ? 'message' : event,
          data: data.join('\n'),
          ...(id === undefined ? {} : { id }),
        };
      event = '';
      data = [];
      continue;
    }
    const [field, value] = splitField(line);
    if (field === '') yield { kind: 'comment', text: value };
    else if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
    else if (field === 'id') id = value;
  }
}

function splitField(line: string): [string, string] {
  const colon = line.indexOf(':');
  if (colon === -1) return [line, ''];
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
}
