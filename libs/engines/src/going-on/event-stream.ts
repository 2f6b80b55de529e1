const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export const DONE = '[DONE]';

/** Cuts the bytes of an event stream into whole events, each with the empty line that ends it. */
export class EventSplitter {
  #rest: Buffer = Buffer.alloc(0);

  /** Whole events, in order, as their bytes came. */
  push(bytes: Buffer): Buffer[] {
    let rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const events: Buffer[] = [];
    for (let end = endOfEvent(rest); end !== undefined; end = endOfEvent(rest)) {
      events.push(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    this.#rest = rest;
    return events;
  }

  /** What has come of an event that is not whole yet. */
  get rest(): Buffer {
    return this.#rest;
  }
}

/** Where the first event ends: behind an empty line, however lines end. */
function endOfEvent(bytes: Buffer): number | undefined {
  let lineStart = 0;
  for (let place = 0; place < bytes.length; place++) {
    const byte = bytes[place];
    if (byte !== LINE_FEED && byte !== CARRIAGE_RETURN) continue;
    const isEmpty = place === lineStart;
    if (byte === CARRIAGE_RETURN && bytes[place + 1] === LINE_FEED) place++;
    if (isEmpty) return place + 1;
    lineStart = place + 1;
  }
  return undefined;
}

/** The data of an event; undefined when it is a comment. `error: …` of older llama-servers counts as data. */
export function dataOf(event: Buffer): string | undefined {
  const lines = event.toString().split(/\r\n|\r|\n/);
  const data = lines.flatMap((line) => {
    const value = /^(?:data|error):(.*)$/s.exec(line)?.[1];
    return value === undefined ? [] : [value.replace(/^ /, '')];
  });
  return data.length === 0 ? undefined : data.join('\n');
}

/** An event of a value, or of the text that ends a stream. */
export function encodeEvent(data: object | typeof DONE): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
}
