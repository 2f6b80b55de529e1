import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Job, Queue } from 'bullmq';
import { ENVELOPE_VERSION, LongshoreError, type Names, PullEvent, PullJob, parseContract } from '#contracts';
import { describeRedisError, type RedisClient } from '#redis';
import { cancelPull } from './cancel-pull.js';
import { lookAtPull } from './queued-pull.js';

/** Starts pulls and follows them. */
export abstract class Pulls {
  /**
   * Starts a pull, or joins the one that is running for the same reference, and yields what happens until its last
   * event, which carries the outcome. A pull that waits tells its place every few seconds. Ending the iteration, or
   * aborting the signal, stops following; the pull goes on.
   * @throws LongshoreError `no_worker`, `redis_unavailable`
   */
  abstract follow(job: PullJob, signal: AbortSignal): AsyncIterable<PullEvent>;

  /**
   * Ends the pull of a full reference for everybody who follows it. What was fetched stays on the worker for a while.
   * @returns false when there is none
   * @throws LongshoreError `redis_unavailable`, `worker_lost`
   */
  abstract cancel(reference: string): Promise<boolean>;

  /** Ends every pull there is, as {@link cancel} does. @throws like it */
  abstract cancelAll(): Promise<void>;
}

/** How often a followed job is looked at: for its place while it waits, and in case its last event was missed; ms. */
const RECHECK_INTERVAL_MS = 2_000;

/** A pull that no worker is left to run is given up after this; ms. */
const NO_WORKER_LIMIT_MS = 10_000;

/** Pulls that ended are kept this long, so that a caller who missed the last event still learns the outcome; s. */
export const PULL_RESULT_SECONDS = 60;

/** What a cancelled pull ends with. */
export const PULL_CANCELLED = 'the pull was cancelled';

export interface QueuePullsOptions {
  /** The queue of the variant that is to pull. Undefined: no worker is alive. */
  readonly chooseQueue: () => Queue | undefined;
  /** Every queue a pull may lie in. */
  readonly queues: readonly Queue[];
  /** For commands. */
  readonly redis: RedisClient;
  /** Tells every worker to stop the pull of a reference. */
  readonly tellToCancel: (reference: string) => Promise<unknown>;
  readonly names: Names;
  /** Pub/sub connection. */
  readonly subscriber: RedisClient;
  /** A message that could not be read; for the log. */
  readonly onBadMessage?: (error: Error) => void;
}

export class QueuePulls extends Pulls {
  private readonly followers = new Map<string, Set<Follower>>();

  constructor(private readonly options: QueuePullsOptions) {
    super();
  }

  /** Resolves when events are being received. */
  async start(): Promise<void> {
    const channel = this.options.names.pullsChannel();
    this.options.subscriber.on('message', (from: string, message: string) => {
      if (from === channel) this.receive(message);
    });
    await this.options.subscriber.subscribe(channel);
  }

  private receive(message: string): void {
    try {
      const event = parseContract(PullEvent, message);
      for (const follower of this.followers.get(event.reference) ?? []) follower.push(event);
    } catch (error) {
      this.options.onBadMessage?.(error as Error);
    }
  }

  override async *follow(job: PullJob, signal: AbortSignal): AsyncGenerator<PullEvent, void, void> {
    const queue = this.options.chooseQueue();
    if (queue === undefined) throw new LongshoreError('no_worker');
    const follower = new Follower();
    this.add(job.reference, follower);
    let recheck: NodeJS.Timeout | undefined;
    try {
      follower.jobId = (await this.enqueue(queue, job)).id ?? '';
      recheck = setInterval(
        () => void this.recheck(queue, job, follower).catch(() => undefined),
        RECHECK_INTERVAL_MS,
      );
      for await (const event of follower.events(signal)) {
        yield event;
        if (event.outcome !== undefined) return;
      }
    } finally {
      clearInterval(recheck);
      this.remove(job.reference, follower);
    }
  }

  override async cancel(reference: string): Promise<boolean> {
    const { queues, redis, names, tellToCancel } = this.options;
    const outcome = { ok: false, failure: 'failed', message: PULL_CANCELLED } as const;
    const event: PullEvent = { version: ENVELOPE_VERSION, reference, outcome };
    return guard(() =>
      cancelPull({
        queues,
        reference,
        tellWorkers: () => tellToCancel(reference),
        conclude: () => redis.publish(names.pullsChannel(), JSON.stringify(event)),
      }),
    );
  }

  override async cancelAll(): Promise<void> {
    const jobs = await guard(() =>
      Promise.all(this.options.queues.map((queue) => queue.getJobs(['wait', 'active']))),
    );
    const references = jobs
      .flat()
      .map((job: Job | undefined) => (job?.data as PullJob | undefined)?.reference);
    const pulled = new Set(references.filter((reference) => reference !== undefined));
    await Promise.all([...pulled].map((reference) => this.cancel(reference)));
  }

  private enqueue(queue: Queue, job: PullJob): Promise<Job> {
    return guard(() =>
      queue.add('pull', job, {
        deduplication: { id: job.reference },
        // Numbers begin anew in a Redis that came back empty, where workers still have jobs of before.
        jobId: randomUUID(),
        attempts: 1,
        removeOnComplete: { age: PULL_RESULT_SECONDS },
        removeOnFail: { age: PULL_RESULT_SECONDS },
      }),
    );
  }

  /**
   * Pub/sub may lose the last event; the job itself does not lose its result. A Redis that came back empty has lost the
   * job, which is then given anew. And when the last worker goes, nobody would ever send an end. What cannot be found out
   * now is asked again.
   */
  private async recheck(queue: Queue, job: PullJob, follower: Follower): Promise<void> {
    const found = await lookAtPull(queue, follower.jobId, job.reference);
    if (found === 'gone') {
      // Whoever cancels a pull removes it first and says so then.
      if (follower.gone) follower.jobId = (await this.enqueue(queue, job)).id ?? '';
      follower.gone = !follower.gone;
      return;
    }
    follower.gone = false;
    if (found !== undefined) follower.push(found);
    if (found?.outcome !== undefined) return;
    if (this.options.chooseQueue() === undefined) follower.miss(Date.now());
    else follower.missingSince = undefined;
  }

  private add(reference: string, follower: Follower): void {
    const followers = this.followers.get(reference) ?? new Set();
    this.followers.set(reference, followers.add(follower));
  }

  private remove(reference: string, follower: Follower): void {
    const followers = this.followers.get(reference);
    followers?.delete(follower);
    if (followers?.size === 0) this.followers.delete(reference);
  }
}

async function guard<T>(command: () => Promise<T>): Promise<T> {
  try {
    return await command();
  } catch (error) {
    if (error instanceof LongshoreError) throw error;
    const reason = describeRedisError(error);
    throw new LongshoreError('redis_unavailable', `The gateway cannot use Redis: ${reason}.`);
  }
}

/** One caller's view of a pull. */
class Follower {
  private readonly waiting: PullEvent[] = [];
  private readonly arrivals = new EventTarget();
  jobId = '';
  /** The queue did not know the job when it was last looked for. */
  gone = false;
  /** Since when no worker has been alive; ms since the epoch. */
  missingSince: number | undefined;
  private failed = false;

  /** No worker is alive now. After a while the caller is told. */
  miss(now: number): void {
    this.missingSince ??= now;
    if (now - this.missingSince < NO_WORKER_LIMIT_MS) return;
    this.failed = true;
    this.arrivals.dispatchEvent(new Event('event'));
  }

  push(event: PullEvent): void {
    this.waiting.push(event);
    this.arrivals.dispatchEvent(new Event('event'));
  }

  async *events(signal: AbortSignal): AsyncGenerator<PullEvent, void, void> {
    while (!signal.aborted) {
      const event = this.waiting.shift();
      if (event !== undefined) yield event;
      else if (this.failed) throw new LongshoreError('no_worker');
      else await once(this.arrivals, 'event', { signal }).catch(() => undefined);
    }
  }
}
