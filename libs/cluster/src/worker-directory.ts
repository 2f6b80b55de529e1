import { checkContract, HEARTBEAT_EXPIRY_MS, type Names, WorkerAnnouncement } from '#contracts';
import type { RedisClient } from '#redis';

/** Who is alive, and what they announce. */
export abstract class WorkerDirectory {
  /** Workers heard of recently. While Redis is away nobody is declared dead. */
  abstract workers(): readonly WorkerAnnouncement[];

  /** Calls `listener` once for each worker that falls silent or leaves. @returns a function that ends this. */
  abstract onLost(listener: (workerId: string) => void): () => void;
}

export interface RedisWorkerDirectoryOptions {
  readonly redis: RedisClient;
  readonly subscriber: RedisClient;
  readonly names: Names;
  /** An announcement that could not be read; for the log. */
  readonly onBadMessage?: (error: Error) => void;
}

interface Heard {
  readonly announcement: WorkerAnnouncement;
  readonly at: number;
}

const SWEEP_INTERVAL_MS = 250;

/** Hears announcements over pub/sub, after it has read those that stand. The connections stay their owner's. */
export class RedisWorkerDirectory extends WorkerDirectory {
  private readonly heard = new Map<string, Heard>();
  private readonly listeners = new Set<(workerId: string) => void>();
  private sweeper: NodeJS.Timeout | undefined;
  private asking = false;
  /** No worker expires before this; moved on when Redis comes back. */
  private graceUntil = 0;

  constructor(private readonly options: RedisWorkerDirectoryOptions) {
    super();
  }

  /** Resolves when announcements are being followed and those that stand have been read. Rejects when Redis cannot be read. */
  async start(): Promise<void> {
    const { subscriber, names } = this.options;
    subscriber.on('message', (channel: string, message: string) => {
      if (channel === names.presenceChannel()) this.receive(message, performance.now());
    });
    subscriber.on('ready', () => (this.graceUntil = performance.now() + 2 * HEARTBEAT_EXPIRY_MS));
    await subscriber.subscribe(names.presenceChannel());
    await this.readKnown();
    this.sweeper = setInterval(() => this.sweep(performance.now()), SWEEP_INTERVAL_MS);
    this.sweeper.unref();
  }

  override workers(): readonly WorkerAnnouncement[] {
    return [...this.heard.values()].map(({ announcement }) => announcement);
  }

  override onLost(listener: (workerId: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Ends the watch for workers that fall silent. */
  stop(): void {
    clearInterval(this.sweeper);
  }

  private async readKnown(): Promise<void> {
    const { redis, names } = this.options;
    const ids = await redis.zrange(names.workersKey(), '0', '-1');
    // One by one, because in a cluster they lie on several nodes.
    const announcements = await Promise.all(ids.map((id) => redis.get(names.workerKey(id))));
    for (const json of announcements) if (json !== null) this.receive(json, performance.now());
  }

  private receive(message: string, now: number): void {
    try {
      const data: unknown = JSON.parse(message);
      const departed = departure(data);
      if (departed !== undefined) return this.lose(departed);
      const announcement = checkContract(WorkerAnnouncement, data);
      this.heard.set(announcement.workerId, { announcement, at: now });
    } catch (error) {
      this.options.onBadMessage?.(error as Error);
    }
  }

  private sweep(now: number): void {
    if (this.asking || this.expired(now).length === 0) return;
    this.asking = true;
    void this.ask().finally(() => (this.asking = false));
  }

  /**
   * Silence may be that of Redis, or our own: what was heard meanwhile has been read when Redis answers, and it answers
   * late or never when it is away.
   */
  private async ask(): Promise<void> {
    const answered = await this.options.subscriber.ping().then(
      () => true,
      () => false,
    );
    if (answered) for (const workerId of this.expired(performance.now())) this.lose(workerId);
  }

  private expired(now: number): readonly string[] {
    if (this.options.subscriber.status !== 'ready' || now < this.graceUntil) return [];
    return [...this.heard].flatMap(([workerId, { at }]) =>
      now - at > HEARTBEAT_EXPIRY_MS ? [workerId] : [],
    );
  }

  private lose(workerId: string): void {
    if (!this.heard.delete(workerId)) return;
    for (const listener of this.listeners) listener(workerId);
  }
}

function departure(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null || !('left' in data) || !('workerId' in data))
    return undefined;
  return typeof data.workerId === 'string' ? data.workerId : undefined;
}
