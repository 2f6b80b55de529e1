import type { WorkerDirectory } from '#cluster';
import { type CompletionJob, LongshoreError, parseCompletionQueue } from '#contracts';
import type { JobQueue, Preference } from '#queue';
import { estimateWait, retryAfterOf, type Supply, supplyOf } from './drain-rate.js';

export interface AdmissionRequest {
  readonly queue: string;
  readonly job: CompletionJob;
  /** 1 to 20, 1 the most urgent; absent = the queue's own default. */
  readonly priority?: number;
  readonly preference?: Preference | undefined;
}

/** The place of a job in its waiting room at the moment it was accepted. */
export interface Admitted {
  /** Jobs that will be taken before it. */
  readonly ahead: number;
  /** Seconds until it is likely to be taken; absent when nothing is known. */
  readonly eta?: number;
}

/** Lets jobs into waiting rooms, each of which holds a bounded number of them over the whole cluster. */
export class Admission {
  constructor(
    private readonly cluster: { readonly queue: JobQueue; readonly workers: WorkerDirectory },
    private readonly limit: number,
  ) {}

  /** @throws LongshoreError `queue_full` with when to come back; `redis_unavailable` */
  async admit({ queue, job, priority, preference }: AdmissionRequest): Promise<Admitted> {
    const { limit } = this;
    const options = { limit, ...(priority !== undefined && { priority }), ...(preference && { preference }) };
    try {
      const { ahead } = await this.cluster.queue.addCompletion(queue, job, options);
      const eta = ahead === 0 ? undefined : estimateWait(ahead, this.supply(queue));
      return eta === undefined ? { ahead } : { ahead, eta };
    } catch (error) {
      if (!(error instanceof LongshoreError) || error.code !== 'queue_full') throw error;
      throw this.refusal(queue);
    }
  }

  private refusal(queue: string): LongshoreError {
    const seconds = retryAfterOf(this.limit, this.supply(queue));
    const message = `${this.limit} requests wait for this model, which is as many as may; try again in ${Math.ceil(seconds)} s.`;
    return new LongshoreError('queue_full', message, undefined, seconds);
  }

  private supply(queue: string): Supply {
    const parts = parseCompletionQueue(queue);
    const nothing = { workers: 0, resident: false, free: 0, rate: 0 };
    return parts === undefined ? nothing : supplyOf(parts, this.cluster.workers.workers());
  }
}
