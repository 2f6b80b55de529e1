import type { FrameFin } from '#contracts';
import type { WriterOptions } from '#streaming';

/** What left for the gateway, in order. */
export class WrittenFrames {
  readonly frames: (string | FrameFin)[] = [];
  options: WriterOptions | undefined;
  congested = false;

  open(_address: unknown, options: WriterOptions) {
    this.options = options;
    return {
      handover: (workerId: string) => this.frames.push(`handover to ${workerId}`),
      head: () => this.frames.push('head'),
      body: (bytes: Buffer) => this.frames.push(bytes.toString()),
      fin: (fin: FrameFin) => this.frames.push(fin),
      abandon: () => this.frames.push('silence'),
      taken: Promise.resolve(),
      unheard: false,
    };
  }
}

