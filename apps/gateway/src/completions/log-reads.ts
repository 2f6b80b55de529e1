import { requestIdOf, type RequestIdParts } from '#contracts';
import type { LoggedResponse, RequestLog } from '#streaming';
import type { BoundedWork } from './bounded-work.js';

/**
 * Reads logs for many readers, so that they take no more of Redis than it has for all: a bounded number at once, and
 * one of each log at a time, which all get that wait for it. Whoever asks gets what was logged until then, or more.
 */
export class LogReads {
  private readonly running = new Map<string, Promise<void>>();
  private readonly waiting = new Map<string, Promise<LoggedResponse | undefined>>();

  constructor(
    private readonly log: Pick<RequestLog, 'read'>,
    private readonly work: BoundedWork,
  ) {}

  /** @throws FrameFormatError when the log cannot be read */
  read(parts: RequestIdParts): Promise<LoggedResponse | undefined> {
    const requestId = requestIdOf(parts);
    const begun = this.waiting.get(requestId);
    if (begun !== undefined) return begun;
    const before = this.running.get(requestId) ?? Promise.resolve();
    const reading = before.then(() => this.work.run(() => this.begin(requestId, parts)));
    this.waiting.set(requestId, reading);
    return reading;
  }

  private async begin(requestId: string, parts: RequestIdParts): Promise<LoggedResponse | undefined> {
    // From here on the log may hold more than this reading brings.
    this.waiting.delete(requestId);
    const reading = this.log.read(parts);
    const over = reading.then(nothing, nothing).then(() => void this.running.delete(requestId));
    this.running.set(requestId, over);
    return reading;
  }
}

function nothing(): void {}
