import { TransientFailure } from '../sources/retry.js';
import type { BlobStream } from '../sources/model-source.js';
import { giveBackMemory } from './give-back-memory.js';

export interface ReadStream {
  /** Both the call and the stream reject once the signal is aborted. */
  readonly open: (signal: AbortSignal) => Promise<BlobStream>;
  /**
   * Gets the bytes in order with the offset of each piece; false ends the reading. It has copied what it wants once it
   * resolves: the piece of an exclusive stream is empty afterwards.
   */
  readonly take: (bytes: Buffer, offset: number) => Promise<boolean>;
  /** Sees the stream before its first byte; false ends the reading. */
  readonly accept: (stream: BlobStream) => boolean;
  /** ms without a byte after which the server counts as broken. */
  readonly stallTimeout: number;
  readonly signal: AbortSignal;
}

/**
 * Reads a stream to the end it announced. Nothing is left open when this settles.
 * @returns false when `accept` did not want it.
 * @throws TransientFailure when it stalls or ends early; what `open`, the stream and `take` throw; the signal's reason.
 */
export async function readStream({ open, take, accept, stallTimeout, signal }: ReadStream): Promise<boolean> {
  signal.throwIfAborted();
  const attempt = new AbortController();
  const abort = (): void => attempt.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const watch = new StallWatch(stallTimeout, () =>
    attempt.abort(new TransientFailure(`the server sent nothing for ${stallTimeout / 1000} seconds`)),
  );
  try {
    const stream = await watch.during(open(attempt.signal));
    const iterator = stream.bytes[Symbol.asyncIterator]();
    try {
      if (!accept(stream)) return false;
      let offset = stream.start;
      for (;;) {
        const next = await watch.during(iterator.next());
        if (next.done === true) break;
        if (!(await take(next.value, offset))) return true;
        offset += next.value.length;
        if (stream.exclusive) giveBackMemory(next.value);
      }
      if (offset < stream.end) throw new TransientFailure('the stream ended too early');
      return true;
    } finally {
      attempt.abort();
      await iterator.return?.().then(undefined, () => undefined);
    }
  } catch (error) {
    // What a source makes of an abort does not matter: the reason does.
    signal.throwIfAborted();
    throw watch.stalled ? (attempt.signal.reason as Error) : error;
  } finally {
    watch.end();
    signal.removeEventListener('abort', abort);
  }
}

/** One timer for many waits: it only counts while somebody waits for the server. */
class StallWatch {
  stalled = false;
  private waiting = false;
  private readonly timer: NodeJS.Timeout;

  constructor(timeout: number, onStall: () => void) {
    this.timer = setTimeout(() => {
      if (!this.waiting) return;
      this.stalled = true;
      onStall();
    }, timeout);
  }

  async during<T>(wait: Promise<T>): Promise<T> {
    this.waiting = true;
    this.timer.refresh();
    try {
      return await wait;
    } finally {
      this.waiting = false;
    }
  }

  end(): void {
    clearTimeout(this.timer);
  }
}
