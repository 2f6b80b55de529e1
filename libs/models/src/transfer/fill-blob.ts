import type { BlobStream, ByteRange } from '../sources/model-source.js';
import type { ConnectionBudget } from './connection-budget.js';
import type { PartialFile } from './partial-file.js';
import { TransientFailure } from '../sources/retry.js';
import { Patience } from './patience.js';
import { readStream } from './read-stream.js';
import { DamagedBlob } from './transfer-error.js';
import type { TransferSettings } from './transfer-settings.js';
import { WriteBatch } from './write-batch.js';

export interface FillBlob {
  readonly partial: PartialFile;
  readonly digest: string;
  readonly open: (range: ByteRange, signal: AbortSignal) => Promise<BlobStream>;
  readonly settings: TransferSettings;
  readonly budget: ConnectionBudget;
  readonly signal: AbortSignal | undefined;
  /** Called after every write. */
  readonly onAdvance: () => void;
}

/**
 * Fetches every segment a partial file lacks. The first range goes alone: it shows whether the server serves ranges
 * before others follow, and one that does not is read in one stream. The first failure ends all connections; on
 * return or throw none is open.
 * @throws DamagedBlob, TransientFailure, what `open` throws; the signal's reason.
 */
export async function fillBlob(fill: FillBlob): Promise<void> {
  await new BlobFill(fill).run();
}

class BlobFill {
  private readonly stop = new AbortController();
  /** Set once a server has answered a range with something else. */
  private rangesIgnored = false;
  private failure: { readonly error: unknown } | undefined;

  constructor(private readonly fill: FillBlob) {}

  async run(): Promise<void> {
    const { signal, partial, settings } = this.fill;
    signal?.throwIfAborted();
    const abort = (): void => this.stop.abort(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const others: Promise<void>[] = [];
      const startOthers = (): void => {
        const lanes = Math.min(settings.connectionsPerBlob - 1, partial.segments.waiting);
        while (others.length < lanes) others.push(this.lane());
      };
      await this.lane(startOthers);
      await Promise.all(others);
      if (!this.failure && !partial.segments.complete) await this.guarded(() => this.fetchInOne());
      if (this.failure) throw this.failure.error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Fetches segment after segment. Does not throw. */
  private async lane(onRangesServed?: () => void): Promise<void> {
    await this.guarded(async () => {
      const { segments } = this.fill.partial;
      while (!this.rangesIgnored && !this.stop.signal.aborted) {
        const index = segments.claim();
        if (index === undefined) return;
        try {
          await this.fetchSegment(index, onRangesServed);
        } finally {
          segments.release(index);
        }
      }
    });
  }

  private async guarded(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      this.failure ??= { error };
      this.stop.abort(error);
    }
  }

  private async fetchSegment(index: number, onRangesServed?: () => void): Promise<void> {
    const { partial } = this.fill;
    const { start, end } = partial.segments.range(index);
    const arrived = await this.fetchRange({ start, end }, (stream, wanted) => {
      if (stream.start === wanted && stream.end <= end) {
        onRangesServed?.();
        return true;
      }
      this.rangesIgnored = true;
      return false;
    });
    if (arrived) await partial.finish(index);
  }

  /**
   * From the first gap to the end of the blob: what it takes when ranges cannot be had. What lies behind the gap comes
   * again anyway; nothing that counts as done may be written twice, for it may be hashed already.
   */
  private async fetchInOne(): Promise<void> {
    const { partial } = this.fill;
    const { segments } = partial;
    const start = segments.prefix;
    segments.forgetBeyond(start);
    await this.fetchRange({ start, end: segments.size }, ({ start: first }, wanted) => {
      if (first <= wanted) return true;
      throw new DamagedBlob(`The server sends other parts of ${this.fill.digest} than it was asked for.`);
    });
    await partial.finish(segments.count - 1);
  }

  /** Brings a range in, over as many connections as it takes. @returns false when `accept` said no. */
  private async fetchRange(
    range: ByteRange,
    accept: (stream: BlobStream, wanted: number) => boolean,
  ): Promise<boolean> {
    const { settings, budget } = this.fill;
    const patience = new Patience(settings.retry, range.start);
    const cursor = new RangeCursor(this.fill, range);
    while (cursor.position < range.end) {
      const before = cursor.position;
      try {
        const release = await budget.acquire(this.stop.signal);
        try {
          const accepted = await readStream({
            open: (signal) => this.fill.open({ start: cursor.position, end: range.end }, signal),
            accept: (stream) => accept(stream, cursor.position),
            take: (bytes, offset) => cursor.take(bytes, offset),
            stallTimeout: settings.stallTimeout,
            signal: this.stop.signal,
          });
          if (!accepted) return false;
        } finally {
          release();
          await cursor.flush();
        }
        if (cursor.position === before) throw new TransientFailure('the server sent nothing');
      } catch (error) {
        this.stop.signal.throwIfAborted();
        await patience.afterFailure(error, cursor.position, this.stop.signal);
      }
    }
    await cursor.end();
    return true;
  }
}

/** Writes the bytes of a range in order and finishes segments it passes the end of. */
class RangeCursor {
  /** All bytes before it are in the file. */
  position: number;
  private batch: WriteBatch;
  private expected: number;

  constructor(
    private readonly fill: FillBlob,
    private readonly range: ByteRange,
  ) {
    this.position = range.start;
    this.expected = range.start;
    this.batch = new WriteBatch(fill.partial, range.start, range.end);
  }

  /** Leaves out what came before; false when the range is complete. */
  async take(bytes: Buffer, offset: number): Promise<boolean> {
    const { end } = this.range;
    const from = this.expected - offset;
    if (from >= bytes.length) return true;
    const wanted = bytes.subarray(from, Math.min(bytes.length, end - offset));
    if (offset + bytes.length > this.fill.partial.segments.size) {
      throw new DamagedBlob(`A part of the model (${this.fill.digest}) is longer than its manifest says.`);
    }
    this.expected += wanted.length;
    await this.moved(await this.batch.add(wanted));
    return this.expected < end || end === this.fill.partial.segments.size;
  }

  async flush(): Promise<void> {
    await this.moved(await this.batch.flush());
  }

  /** When the range is complete: frees what it holds. */
  async end(): Promise<void> {
    await this.batch.end();
  }

  private async moved(position: number): Promise<void> {
    if (position === this.position) return;
    const { segments } = this.fill.partial;
    const last = segments.indexOf(position);
    for (let index = segments.indexOf(this.position); index < last; index += 1) {
      await this.fill.partial.finish(index);
    }
    this.position = position;
    if (last < segments.count && position > segments.range(last).start) segments.advance(last, position);
    this.fill.onAdvance();
  }
}
