import { type CompletionQueueParts, type Names, parseCompletionQueue, type Variant } from '#contracts';
import type { RedisClient } from '#redis';
import { returnAbandoned } from './abandoned-jobs.js';
import { abandonment, PUMP_TIMING } from './pump-timing.js';
import { Readiness } from './readiness.js';
import { runScript } from './run-script.js';

/** A waiting room that somebody used lately. */
export interface Demand extends CompletionQueueParts {
  readonly queue: string;
  /** Jobs that wait in it. */
  readonly waiting: number;
  /** Jobs that a worker has begun, be it alive or not. */
  readonly active: number;
}

/** Queues nobody used for this long are forgotten; ms. */
const MEMORY_MS = 3_600_000;

/** Workers join a queue one after another, this far apart, so that each sees what the last one has begun; ms. */
const LEASE_MS = 300;

/** What the workers of a variant are asked for, for workers that decide whether to load one more model. */
export class DemandBoard {
  private readonly readiness: Readiness;

  constructor(
    private readonly redis: RedisClient,
    private readonly names: Names,
    private readonly variant: Variant,
  ) {
    this.readiness = Readiness.of(redis);
  }

  /** The queues used lately for which `isWanted` holds, with what waits in them. Two round trips whatever their number. */
  async read(isWanted: (queue: string) => boolean, now: number): Promise<Demand[]> {
    const key = this.names.demandKey(this.variant);
    const recent = await this.redis.zrangebyscore(key, now - MEMORY_MS, '+inf');
    const queues = recent.filter(isWanted);
    if (queues.length === 0) return [];
    const demands = await Promise.all(queues.map((queue) => this.count(queue)));
    return demands.filter((demand) => demand !== undefined);
  }

  /** No pipeline over queues, because in a cluster they lie on several nodes. The commands leave together all the same. */
  private async count(queue: string): Promise<Demand | undefined> {
    const parts = parseCompletionQueue(queue);
    if (parts === undefined) return undefined;
    const key = this.names.queueKey(queue);
    const [waiting, prioritized, active] = await Promise.all([
      this.redis.llen(`${key}:wait`),
      this.redis.zcard(`${key}:prioritized`),
      this.redis.llen(`${key}:active`),
    ]);
    return { ...parts, queue, waiting: waiting + prioritized, active };
  }

  /**
   * Gives jobs whose holder died back to their queue, as a pump does, for queues that no pump here consumes. To be called
   * about as often as pumps look, or holders get time to renew their locks first.
   */
  async returnAbandoned(queue: string): Promise<void> {
    const { settleTime } = PUMP_TIMING;
    if (this.readiness.duration < settleTime) return;
    const base = `${this.names.queueKey(queue)}:`;
    await returnAbandoned(
      (script, values) => runScript(this.redis, base, script, values),
      abandonment(PUMP_TIMING),
    );
  }

  /** Forgets queues nobody used for a long time. */
  async tidy(now: number): Promise<void> {
    await this.redis.zremrangebyscore(this.names.demandKey(this.variant), '-inf', now - MEMORY_MS);
  }

  /** True when this worker, and no other for a moment, may begin to add a session for the queue. */
  async lease(queue: string, workerId: string): Promise<boolean> {
    const reply = await this.redis.set(this.names.expansionLeaseKey(queue), workerId, 'PX', LEASE_MS, 'NX');
    return reply === 'OK';
  }
}
