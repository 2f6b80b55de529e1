import {
  ENVELOPE_VERSION,
  HEARTBEAT_EXPIRY_MS,
  HEARTBEAT_INTERVAL_MS,
  type Names,
  type WorkerAnnouncement,
  type WorkerDeparture,
} from '#contracts';
import { publishTo, type RedisClient } from '#redis';

export interface PresenceOptions {
  readonly redis: RedisClient;
  readonly names: Names;
  readonly workerId: string;
  /** What to announce; called at each heartbeat. */
  readonly describe: () => WorkerAnnouncement;
}

/** The least time from one piece of news to the next; ms. */
const NEWS_INTERVAL_MS = 50;

/** Announces one worker to the cluster, at each heartbeat and whenever something has changed. */
export class Presence {
  private timer: NodeJS.Timeout | undefined;
  private scheduled = false;
  private news: NodeJS.Timeout | undefined;
  private lastNews = -Infinity;

  constructor(private readonly options: PresenceOptions) {}

  /** Resolves when the worker has been announced, or Redis was not there to be told. */
  async start(): Promise<void> {
    this.timer = setInterval(() => void this.announce(), HEARTBEAT_INTERVAL_MS);
    await this.announce();
  }

  /** Announces once more in this turn of the event loop; many calls cost one announcement. */
  changed(): void {
    if (this.scheduled || this.timer === undefined) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      if (this.timer !== undefined) void this.announce();
    });
  }

  /**
   * Tells those who listen now of something that changes with many requests: at once, but not more often than every
   * 50 ms, and with the latest state then. It costs one message; what Redis keeps follows with the next heartbeat.
   */
  stirred(): void {
    if (this.news !== undefined || this.timer === undefined) return;
    const due = Math.max(0, this.lastNews + NEWS_INTERVAL_MS - performance.now());
    this.news = setTimeout(() => {
      this.news = undefined;
      this.lastNews = performance.now();
      void this.publish(JSON.stringify(this.options.describe()));
    }, due).unref();
  }

  /** Says that the worker is gone, so that nobody waits for its heartbeat to expire. */
  async leave(): Promise<void> {
    clearInterval(this.timer);
    clearTimeout(this.news);
    this.timer = undefined;
    const { redis, names, workerId } = this.options;
    if (redis.status !== 'ready') return;
    const departure: WorkerDeparture = { version: ENVELOPE_VERSION, workerId, left: true };
    await Promise.allSettled([
      redis.del(names.workerKey(workerId)),
      redis.zrem(names.workersKey(), workerId),
      publishTo(redis, names.presenceChannel(), JSON.stringify(departure)),
    ]);
  }

  private async announce(): Promise<void> {
    const { redis, names, workerId, describe } = this.options;
    // A heartbeat that had to wait for Redis would only be late news.
    if (redis.status !== 'ready') return;
    const json = JSON.stringify(describe());
    const now = Date.now();
    // No pipeline, because in a cluster the keys lie on several nodes. They leave together all the same.
    await Promise.allSettled([
      redis.set(names.workerKey(workerId), json, 'PX', HEARTBEAT_EXPIRY_MS),
      redis.zadd(names.workersKey(), now, workerId),
      redis.zremrangebyscore(names.workersKey(), '-inf', now - 60 * HEARTBEAT_EXPIRY_MS),
      publishTo(redis, names.presenceChannel(), json),
    ]);
  }

  private async publish(json: string): Promise<void> {
    const { redis, names } = this.options;
    if (redis.status === 'ready')
      await publishTo(redis, names.presenceChannel(), json).catch(() => undefined);
  }
}
