import type { FrameWriter } from './frame-writer.js';

export interface FinishedLimits {
  /** How long a finished response is kept; ms. */
  readonly replayRetention: number;
  /** Bytes kept, all together; the oldest go first. */
  readonly finishedCapacity: number;
}

/** Responses that are over and can still be replayed, oldest first. */
export class FinishedResponses {
  private readonly ends = new Map<FrameWriter, number>();
  private bytes = 0;

  constructor(
    private readonly limits: FinishedLimits,
    private readonly onForget: (writer: FrameWriter) => void,
  ) {}

  keep(writer: FrameWriter, now: number): void {
    this.ends.set(writer, now);
    this.bytes += writer.sent.size;
  }

  /** When a response ended; undefined when it has not. */
  endOf(writer: FrameWriter): number | undefined {
    return this.ends.get(writer);
  }

  forgetOld(now: number): void {
    const { replayRetention, finishedCapacity } = this.limits;
    for (const [writer, end] of this.ends) {
      if (now - end < replayRetention && this.bytes <= finishedCapacity) return;
      this.ends.delete(writer);
      this.bytes -= writer.sent.size;
      this.onForget(writer);
    }
  }

  clear(): void {
    this.ends.clear();
    this.bytes = 0;
  }
}
