import type { Names } from '#contracts';
import type { FrameWriter } from './frame-writer.js';
import type { LogCommands } from '../log/log-commands.js';
import { resolveLog } from '../log/resolve-log.js';

/** Time between two tries for logs that could not be mended; ms. */
const RETRY_INTERVAL_MS = 1_000;

const NOTHING = Buffer.alloc(0);

/**
 * Logs again what Redis has lost: it may come back from a crash without the last second, or without anything, and it
 * refuses to log while it has no memory left.
 */
export class LogMender {
  private readonly suspects = new Set<FrameWriter>();
  private mending = false;
  private nextAt = 0;

  constructor(
    private readonly redis: LogCommands,
    private readonly names: Names,
  ) {}

  /** The log of this response may lack something. */
  suspect(writer: FrameWriter): void {
    if (writer.hasLog && !writer.fenced) this.suspects.add(writer);
  }

  forget(writer: FrameWriter): void {
    this.suspects.delete(writer);
  }

  /** True when there are logs to look at now. */
  due(now: number): boolean {
    return this.suspects.size > 0 && !this.mending && now >= this.nextAt;
  }

  /** Every frame written so far must have been handed to the same connection. */
  async mend(now: number): Promise<void> {
    this.mending = true;
    this.nextAt = now + RETRY_INTERVAL_MS;
    const writers = [...this.suspects];
    this.suspects.clear();
    await Promise.all(writers.map((writer) => this.mendOne(writer, now).catch(() => this.suspect(writer))));
    this.mending = false;
  }

  private async mendOne(writer: FrameWriter, now: number): Promise<void> {
    const { gatewayId, stream, attempt } = writer.address;
    const key = this.names.logKey(gatewayId, stream);
    const { next, logged } = writer;
    const length = await this.redis.strlen(key);
    const lost = length >= logged ? NOTHING : await this.findLost(writer, key, next);
    if (lost === undefined) writer.stopLogging();
    // The fence may be lost as well; there is none before the second attempt.
    const frames = lost ?? NOTHING;
    if (frames.length > 0 || attempt > 1) {
      const base = this.names.responsesKey(gatewayId);
      const mended = await this.redis.mendLog(base, stream, attempt, writer.timeToLive(now), frames);
      if (mended === 0) return writer.fence();
    }
    // Not before the log is mended: what is still lacking must be seen the next time.
    writer.logged += length - logged + frames.length;
  }

  /** What the log should hold before frame `next` and does not; undefined when the worker does not have it either. */
  private async findLost(writer: FrameWriter, key: string, next: number): Promise<Buffer | undefined> {
    const found = resolveLog((await this.redis.getBuffer(key)) ?? NOTHING);
    return writer.logOf(found.next, next);
  }
}
