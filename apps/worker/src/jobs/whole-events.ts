/** An event larger than this is not waited for any longer; bytes. */
const EVENT_LIMIT = 16 * 1024 * 1024;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Cuts the bytes of an event stream where events end, at empty lines. Whole events pass as they came, without a copy
 * when a chunk ends where an event ends.
 */
export class WholeEvents {
  private held: Buffer = Buffer.alloc(0);

  /** The bytes of events that are whole with this chunk; empty when none is. @throws Error when an event has no end */
  take(chunk: Buffer): Buffer {
    const bytes = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    const end = endOfLastEvent(bytes);
    this.held = bytes.subarray(end);
    if (this.held.length > EVENT_LIMIT)
      throw new Error(`The engine sent an event of more than ${EVENT_LIMIT / 1024 / 1024} MiB.`);
    return bytes.subarray(0, end);
  }

  /** What came after the last event that was whole. */
  get rest(): Buffer {
    return this.held;
  }
}

/** Where the last event that is whole in these bytes ends; 0 when none is. */
export function endOfLastEvent(bytes: Buffer): number {
  if (endsEvent(bytes, bytes.length)) return bytes.length;
  for (let at = bytes.lastIndexOf(LINE_FEED); at > 0; at = bytes.lastIndexOf(LINE_FEED, at - 1)) {
    if (endsEvent(bytes, at + 1)) return at + 1;
  }
  return 0;
}

/** Whether an empty line ends before `end`, with line feeds or with carriage returns before them. */
function endsEvent(bytes: Buffer, end: number): boolean {
  if (end < 2 || bytes[end - 1] !== LINE_FEED) return false;
  const before = bytes[end - 2];
  if (before === LINE_FEED) return true;
  return before === CARRIAGE_RETURN && bytes[end - 3] === LINE_FEED;
}
