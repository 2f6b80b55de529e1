const LINE_FEED = 0x0a;
const END = Buffer.from('\n\n');
const STAMP = Buffer.from('"emitted_at":');
const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n');
const TAIL = 32;

/** Reads what a benchmark needs of an event stream in its HTTP chunks, and nothing else: cheap enough for any rate. */
export class EventCounter {
  /** Events so far. */
  events = 0;
  private endsInLineFeed = false;
  private tail = Buffer.alloc(0);

  /** Counts the events that end in these bytes. */
  add(bytes: Buffer): number {
    let found = this.endsInLineFeed && bytes[0] === LINE_FEED ? 1 : 0;
    for (let at = bytes.indexOf(END, found); at >= 0; at = bytes.indexOf(END, at + 2)) found++;
    this.endsInLineFeed = bytes[bytes.length - 1] === LINE_FEED;
    this.events += found;
    this.tail = Buffer.concat([this.tail, bytes.subarray(-TAIL)]).subarray(-TAIL);
    return found;
  }

  /** True when the last HTTP chunk is here. */
  get ended(): boolean {
    return this.tail.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK);
  }

  /** True when the stream says that it is whole. */
  get complete(): boolean {
    return this.tail.includes('data: [DONE]\n\n');
  }
}

/** The times stamped on tokens, in µs of the monotonic clock. A stamp that is cut in two by the network is left out. */
export function readStamps(bytes: Buffer): number[] {
  const stamps: number[] = [];
  for (let at = bytes.indexOf(STAMP); at >= 0; at = bytes.indexOf(STAMP, at)) {
    at += STAMP.length;
    let value = 0;
    let digit = (bytes[at] ?? 0) - 48;
    while (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      digit = (bytes[++at] ?? 0) - 48;
    }
    if (at < bytes.length) stamps.push(value);
  }
  return stamps;
}
