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
import { createSlimBackend } from './slim-backend/slim-backend.js';

/**
 * The producer's side of the queues. Every method rejects with `redis_unavailable` at once when Redis is away: the
 * caller is a request that somebody waits for.
 */
export abstract class JobQueue {
  /** Puts a job into a waiting room. It is accepted when this resolves. */
  abstract addCompletion(queue: string, job: CompletionJob): Promise<void>;

  /** Takes a waiting job out again. @returns false when it was not waiting: some worker has it, or it is done. */
  abstract removeCompletion(queue: string, requestId: string): Promise<boolean>;

  /** Asks some worker of the variant to load a model; a second ask for the same model is the same job. */
  abstract addLoad(variant: Variant, job: LoadJob): Promise<void>;

  /** Jobs in a waiting room. */
  abstract waiting(queue: string): Promise<number>;

  /** Jobs that wait or that a worker has begun, be it alive or not. */
  abstract unfinished(queue: string): Promise<number>;

  abstract close(): Promise<void>;
}

/**
 * All completion jobs have one: BullMQ serves jobs without a priority before any with one, so a queue that may ever
 * hold priorities must give every job one. 1 is the most urgent.
 */
const DEFAULT_PRIORITY = 10;

/** Demand for a queue is noted at most this often; ms. */
const DEMAND_INTERVAL_MS = 1_000;

/** BullMQ keeps an event stream per queue; nobody reads it. */
const EVENT_STREAM_LENGTH = 1;

export class BullJobQueue extends JobQueue {
  private readonly queues = new Map<string, Queue>();
  private readonly demandNoted = new Map<string, number>();

  /** @param redis a fail-fast connection; shared by all queues and not closed here. */
  constructor(
    private readonly redis: RedisClient,
    private readonly names: Names,
  ) {
    super();
  }

  override async addCompletion(queue: string, job: CompletionJob): Promise<void> {
    await this.guard(() =>
      Promise.all([
        this.queue(queue).add('completion', job, {
          jobId: job.requestId,
          priority: DEFAULT_PRIORITY,
          attempts: 1,
          removeOnComplete: true,
          removeOnFail: true,
        }),
        this.noteDemand(queue, Date.now()),
      ]),
    );
  }

  override async removeCompletion(queue: string, requestId: string): Promise<boolean> {
    return this.guard(async () => (await this.queue(queue).remove(requestId)) === 1);
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

  override async waiting(queue: string): Promise<number> {
    return this.guard(() => this.queue(queue).getJobCountByTypes('waiting', 'prioritized'));
  }

  override async unfinished(queue: string): Promise<number> {
    return this.guard(() => this.queue(queue).getJobCountByTypes('waiting', 'prioritized', 'active'));
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
      queue = new Queue(bullName, { connection: this.redis, prefix, streams }, createSlimBackend);
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
      throw new LongshoreError(
        'redis_unavailable',
        `The gateway cannot use Redis: ${describeRedisError(error)}.`,
      );
    }
  }
}
