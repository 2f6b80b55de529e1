import { Queue } from 'bullmq';
import {
  type CompletionJob,
  type LoadJob,
  loadJobId,
  loadQueue,
  LongshoreError,
  type Names,
  parseCompletionQueue,
  type Variant,
} from '#contracts';
import { describeRedisError, type RedisClient } from '#redis';
import { bullLocation } from './bull-queue.js';
import { type Admission, WaitingRooms } from './waiting-rooms.js';

/**
 * The producer's side of the queues. Every method rejects with `redis_unavailable` at once when Redis is away: the
 * caller is a request that somebody waits for.
 */
export abstract class JobQueue {
  /**
   * Puts a job into a waiting room. It is accepted when this resolves. Adding a job that is there already changes
   * nothing and is no error.
   * @returns how many jobs are ahead of it
   * @throws LongshoreError `queue_full`
   */
  abstract addCompletion(queue: string, job: CompletionJob, admission?: Admission): Promise<Accepted>;

  /** Takes a waiting job out again. @returns false when it was not waiting: some worker has it, or it is done. */
  abstract removeCompletion(queue: string, requestId: string): Promise<boolean>;

  /** How many jobs are ahead of each; undefined for those that do not wait. One round trip. */
  abstract positions(queue: string, requestIds: readonly string[]): Promise<(number | undefined)[]>;

  /** True while Redis knows the job: it waits, or some worker has begun it and not finished it. */
  abstract has(queue: string, requestId: string): Promise<boolean>;

  /** Asks some worker of the variant to load a model; a second ask for the same model is the same job. */
  abstract addLoad(variant: Variant, job: LoadJob): Promise<void>;

  /** Jobs that wait or that a worker has begun, be it alive or not. */
  abstract unfinished(queue: string): Promise<number>;

  abstract close(): Promise<void>;
}

export interface Accepted {
  /** Jobs that are served before this one, as things stand. */
  readonly ahead: number;
}

/** Demand for a queue is noted at most this often; ms. */
const DEMAND_INTERVAL_MS = 1_000;

/** BullMQ keeps an event stream per queue; nobody reads it. */
const EVENT_STREAM_LENGTH = 1;

export class BullJobQueue extends JobQueue {
  private readonly rooms: WaitingRooms;
  /** Of load jobs. */
  private readonly queues = new Map<string, Queue>();
  private readonly demandNoted = new Map<string, number>();

  /** @param redis a fail-fast connection; shared by all queues and not closed here. */
  constructor(
    private readonly redis: RedisClient,
    private readonly names: Names,
  ) {
    super();
    this.rooms = new WaitingRooms(redis, names);
  }

  override async addCompletion(
    queue: string,
    job: CompletionJob,
    admission: Admission = {},
  ): Promise<Accepted> {
    return this.guard(async () => {
      const [ahead] = await Promise.all([
        this.rooms.add(queue, job, admission),
        this.noteDemand(queue, Date.now()),
      ]);
      return { ahead };
    });
  }

  override async removeCompletion(queue: string, requestId: string): Promise<boolean> {
    return this.guard(() => this.rooms.remove(queue, requestId));
  }

  override async positions(queue: string, requestIds: readonly string[]): Promise<(number | undefined)[]> {
    return this.guard(() => this.rooms.positions(queue, requestIds));
  }

  override async has(queue: string, requestId: string): Promise<boolean> {
    return this.guard(() => this.rooms.has(queue, requestId));
  }

  override async addLoad(variant: Variant, job: LoadJob): Promise<void> {
    await this.guard(() =>
      this.queue(loadQueue(variant)).add('load', job, {
        deduplication: { id: loadJobId(job) },
        attempts: 1,
        removeOnComplete: true,
        removeOnFail: true,
      }),
    );
  }

  override async unfinished(queue: string): Promise<number> {
    return this.guard(() => this.rooms.unfinished(queue));
  }

  override async close(): Promise<void> {
    await Promise.allSettled([...this.queues.values()].map((queue) => queue.close()));
    this.queues.clear();
  }

  private queue(name: string): Queue {
    let queue = this.queues.get(name);
    if (queue === undefined) {
      const { name: bullName, prefix } = bullLocation(name, this.names);
      const streams = { events: { maxLen: EVENT_STREAM_LENGTH } };
      queue = new Queue(bullName, { connection: this.redis, prefix, streams });
      queue.on('error', () => undefined);
      this.queues.set(name, queue);
    }
    return queue;
  }

  /** Lets workers that do not hold the model see that the queue is in use. */
  private async noteDemand(queue: string, now: number): Promise<void> {
    if (now - (this.demandNoted.get(queue) ?? 0) < DEMAND_INTERVAL_MS) return;
    const parts = parseCompletionQueue(queue);
    if (parts === undefined) return;
    this.demandNoted.set(queue, now);
    try {
      await this.redis.zadd(this.names.demandKey(parts.variant), now, queue);
    } catch (error) {
      this.demandNoted.delete(queue);
      throw error;
    }
  }

  private async guard<T>(command: () => Promise<T>): Promise<T> {
    if (this.redis.status !== 'ready') throw new LongshoreError('redis_unavailable');
    try {
      return await command();
    } catch (error) {
      if (error instanceof LongshoreError) throw error;
      throw new LongshoreError(
        'redis_unavailable',
        `The gateway cannot use Redis: ${describeRedisError(error)}.`,
      );
    }
  }
}
