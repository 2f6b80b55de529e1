import type { Frame } from '#contracts';
import type { Backlog } from './backlog.js';
import { UNLOGGED } from '../frames/frame-codec.js';
import type { FrameWriter } from './frame-writer.js';

/** Frames that leave together; the three lists go side by side. */
export interface Batch {
  readonly frames: Frame[];
  readonly writers: FrameWriter[];
  readonly flags: number[];
  /** True when one of the responses has a log, so that Redis must look for its fence. */
  scripted: boolean;
}

/** One gateway as this worker sees it: the frames that are about to leave for it, and whether it listens. */
export class Outbox {
  /** Everyone who has written for the gateway and is remembered, by stream. */
  readonly writers = new Map<number, FrameWriter>();
  private batch = emptyBatch();
  /** For how long publishes have been answered with no receiver; ms. Undefined while they arrive. */
  private unheardFor: number | undefined;
  private probedAt = 0;
  private probing = false;

  constructor(
    readonly gatewayId: string,
    readonly channel: string,
    readonly backlog: Backlog,
  ) {}

  get empty(): boolean {
    return this.batch.frames.length === 0;
  }

  push(writer: FrameWriter, frame: Frame, flags: number): void {
    const { batch } = this;
    this.writers.set(frame.stream, writer);
    batch.frames.push(frame);
    this.backlog.add(frame.payload.length);
    batch.writers.push(writer);
    batch.flags.push(flags);
    batch.scripted ||= writer.hasLog;
  }

  takeBatch(): Batch {
    const { batch } = this;
    this.batch = emptyBatch();
    return batch;
  }

  forget(writer: FrameWriter): void {
    if (this.writers.get(writer.address.stream) === writer) this.writers.delete(writer.address.stream);
  }

  /** Redis has answered a publish. */
  answered(heard: boolean, now: number): void {
    if (heard) this.unheardFor = undefined;
    else if (this.unheardFor === undefined) {
      this.unheardFor = 0;
      this.probedAt = now;
    }
  }

  /**
   * Whether somebody listens again, asked at most once at a time and only of a gateway that did not.
   * @param ask resolves to whether there was a receiver, or undefined when Redis did not say
   * @param interval time between two questions; ms. Only as much as the answers cover counts as silence.
   * @returns undefined when nothing is known or nothing needs to be
   */
  async probe(
    ask: () => Promise<boolean | undefined>,
    now: number,
    interval: number,
  ): Promise<{ readonly heard: boolean; readonly silence: number } | undefined> {
    if (this.unheardFor === undefined || this.probing) return undefined;
    this.probing = true;
    const heard = await ask();
    this.probing = false;
    const before = this.unheardFor;
    if (heard === undefined || before === undefined) return undefined;
    if (heard) {
      this.unheardFor = undefined;
      return { heard, silence: 0 };
    }
    this.unheardFor = before + Math.min(Math.max(0, now - this.probedAt), 2 * interval);
    this.probedAt = now;
    return { heard, silence: this.unheardFor };
  }
}

function emptyBatch(): Batch {
  return { frames: [], writers: [], flags: [], scripted: false };
}

/** Pairs of a stream and how long its log is to live, for the logs that begin or end with this batch. */
export function timesToLive({ frames, writers, flags }: Batch, now: number): number[] {
  const times = new Map<number, number>();
  for (let index = 0; index < frames.length; index++) {
    const frame = frames[index];
    const writer = writers[index];
    if (frame === undefined || writer === undefined || flags[index] === UNLOGGED) continue;
    if (frame.kind === 'fin' || frame.sequence === writer.first) {
      times.set(frame.stream, writer.timeToLive(now));
    }
  }
  return [...times].flat();
}
