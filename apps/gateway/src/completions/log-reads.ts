import { requestIdOf, type RequestIdParts } from '#contracts';
import type { LoggedResponse, RequestLog } from '#streaming';
import type { BoundedWork } from './bounded-work.js';

/**
 * Reads logs for many readers, so that they take no more of Redis than it has for all: a bounded number at once, and
 * all that wait for the same log get it from one reading. Whoever asks gets what was logged until then, or more.
 */
export class LogReads {
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
    const reading = Promise.resolve().then(() => this.work.run(() => this.begin(requestId, parts)));
    this.waiting.set(requestId, reading);
    return reading;
  }

  private begin(requestId: string, parts: RequestIdParts): Promise<LoggedResponse | undefined> {
    // From here on the log may hold more than this reading brings.
    this.waiting.delete(requestId);
    return this.log.read(parts);
  }
}
