import { pipeline, Transform, type Readable, type TransformCallback } from 'node:stream';
import { readableAgain } from '../readable-again.js';
import { EventSplitter } from './event-stream.js';

/** Takes whole events, one after the other. */
export interface EventTaker {
  /** What to pass on for an event. What it throws ends the stream. */
  take(event: Buffer): Buffer | string | undefined;
  /** After the last event. What it throws ends the stream with that error instead. */
  end(): void;
}

/**
 * Passes an event stream on through `taker`, no faster than the result is read. Resolves when the result has its first
 * bytes, so that what goes wrong before that is thrown here. Either of both streams ends with the other.
 * @throws the error that ended `source`, or of `taker`
 */
export async function filterEvents(source: Readable, taker: EventTaker): Promise<Readable> {
  const filter = new EventFilter(taker);
  // A reader that attaches late must still see the error, and one that never does must not end the process.
  filter.on('error', () => undefined);
  pipeline(source, filter, () => undefined);
  if (filter.readableLength === 0) await readableAgain(filter);
  return filter;
}

class EventFilter extends Transform {
  readonly #splitter = new EventSplitter();

  constructor(private readonly taker: EventTaker) {
    super();
  }

  override _transform(bytes: Buffer, _encoding: string, done: TransformCallback): void {
    this.#run(done, () => {
      for (const event of this.#splitter.push(bytes)) {
        const kept = this.taker.take(event);
        if (kept !== undefined) this.push(kept);
      }
    });
  }

  override _flush(done: TransformCallback): void {
    this.#run(done, () => {
      this.taker.end();
      if (this.#splitter.rest.length > 0) this.push(this.#splitter.rest);
    });
  }

  #run(done: TransformCallback, step: () => void): void {
    try {
      step();
      done();
    } catch (error) {
      done(error as Error);
    }
  }
}
