import type { Frame } from '#contracts';

/** Memory of a frame beside its payload; bytes. */
const FRAME_OVERHEAD = 200;

/**
 * What one attempt has sent, kept so that frames lost on the way can be sent again. Bounded: when it holds more
 * than `capacity` payload bytes, the oldest frames go and can no longer be replayed.
 */
export class ReplayBuffer {
  private frames: Frame[] = [];
  private bytes = 0;

  /** What this costs in memory, about; bytes. */
  get size(): number {
    return this.bytes + this.frames.length * FRAME_OVERHEAD;
  }

  /** @param first sequence number of the first frame */
  constructor(
    private readonly capacity: number,
    private first = 0,
  ) {}

  push(frame: Frame): void {
    this.frames.push(frame);
    this.bytes += frame.payload.length;
    while (this.bytes > this.capacity && this.frames.length > 1) {
      this.bytes -= this.frames.shift()?.payload.length ?? 0;
      this.first++;
    }
  }

  /** All frames from `sequence` on, or undefined when some of them are gone. Empty when there are none yet. */
  from(sequence: number): readonly Frame[] | undefined {
    return sequence < this.first ? undefined : this.frames.slice(sequence - this.first);
  }
}
