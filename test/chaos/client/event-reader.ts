const END = '\n\n';
const DONE = 'data: [DONE]';

/** Collects the events of one answer over any number of connections, as a client of event streams does. */
export class EventReader {
  /** Whole events without their ids, in the order they came. */
  readonly events: string[] = [];
  /** When each of `events` came, on the clock of `performance.now()`. */
  readonly arrivals: number[] = [];
  /** What a client could complain of, beside what was said. */
  readonly problems: string[] = [];
  /** The event that told of a failure. */
  error: string | undefined;
  private rest: Buffer = Buffer.alloc(0);

  /** True once the stream has said that it is over. */
  get finished(): boolean {
    return this.events.at(-1) === DONE;
  }

  add(bytes: Buffer, at: number): void {
    this.rest = this.rest.length === 0 ? bytes : Buffer.concat([this.rest, bytes]);
    for (let end = this.rest.indexOf(END); end >= 0; end = this.rest.indexOf(END)) {
      this.take(this.rest.toString('utf8', 0, end), at);
      this.rest = this.rest.subarray(end + END.length);
    }
  }

  /** The connection is gone: what is there of an event that has not ended counts for nothing. */
  breakOff(): void {
    this.rest = Buffer.alloc(0);
  }

  /** The event that told of a failure, once. */
  takeError(): string | undefined {
    const { error } = this;
    this.error = undefined;
    return error;
  }

  private take(block: string, at: number): void {
    const lines = block.split('\n').filter((line) => !line.startsWith(':'));
    const content = lines.filter((line) => !line.startsWith('id:')).join('\n');
    if (content === '') return;
    if (content.includes('data: {"error"')) {
      this.error ??= content;
      return;
    }
    if (this.error !== undefined) this.problems.push('went on after it told of a failure');
    if (this.finished) this.problems.push(`went on after its end with ${content.slice(0, 80)}`);
    this.events.push(content);
    this.arrivals.push(at);
    const id = lines
      .find((line) => line.startsWith('id:'))
      ?.slice('id:'.length)
      .trim();
    if (id !== undefined && id !== String(this.events.length)) {
      this.problems.push(`called its event number ${this.events.length} ${id}`);
    }
  }
}
