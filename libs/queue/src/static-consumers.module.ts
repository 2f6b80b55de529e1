import { BullModule, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type Provider,
  type Type,
} from '@nestjs/common';
import { type Job, WaitingError, type Worker } from 'bullmq';
import {
  checkContract,
  LoadJob,
  loadQueue,
  type Names,
  PullJob,
  type PullOutcome,
  pullQueue,
  type Variant,
} from '#contracts';
import type { RedisClient } from '#redis';
import { bullLocation } from './bull-queue.js';
import { HandBack } from './hand-back.js';
import { PullsInHand } from './pulls-in-hand.js';
import { watchWaits } from './watch-waits.js';

/** What a worker does with a pull job. */
export abstract class PullHandler {
  /** @throws HandBack to give the job to another worker. */
  abstract pull(job: PullJob): Promise<PullOutcome>;

  /** The job of a pull is over: who asks for the same reference from now on begins a pull of their own. */
  abstract ended(job: PullJob, outcome: PullOutcome): Promise<void>;
}

/** What a worker does with a load job. */
export abstract class LoadHandler {
  /** @throws HandBack to give the job to another worker. */
  abstract load(job: LoadJob): Promise<void>;
}

/**
 * How long the lock of a job lives; ms. The job of a worker that died is begun by another after at most twice as long. A
 * model that many wait for is loaded elsewhere soon; a pull that another worker takes over goes on from what is on disk,
 * or from the start.
 */
const LOCK_DURATION_MS = { pull: 3_000, load: 2_000 } as const;

/** Pause after a fetch that failed because Redis was away; ms. */
const RETRY_DELAY_MS = 200;

export interface StaticConsumersOptions {
  readonly variant: Variant;
  readonly names: Names;
  /** A patient connection. */
  readonly redis: RedisClient;
  /** Pulls run at once by one worker. */
  readonly pulls: number;
  /** Loads run at once by one worker. */
  readonly loads: number;
  /** Trouble with Redis; the consumers go on by themselves. */
  readonly onError: (queue: string, error: Error) => void;
  /** Module that exports a PullHandler and a LoadHandler. */
  readonly handlers: Type | DynamicModule;
}

/** Consumes the queues every worker of a variant has: `pull.<variant>` and `load.<variant>`. */
@Module({})
export class StaticConsumersModule {
  static forWorker(options: StaticConsumersOptions): DynamicModule {
    const queues = [pullQueue(options.variant), loadQueue(options.variant)].map((name) => ({
      ...bullLocation(name, options.names),
      connection: options.redis,
      streams: { events: { maxLen: 1 } },
    }));
    return {
      module: StaticConsumersModule,
      imports: [BullModule.registerQueue(...queues), options.handlers],
      providers: consumers(options),
    };
  }
}

function consumers({ variant, names, redis, pulls, loads, onError }: StaticConsumersOptions): Provider[] {
  const settings = (prefix: string, concurrency: number, lockDuration: number) => ({
    prefix,
    concurrency,
    lockDuration,
    // BullMQ looks twice before it gives a job back.
    stalledInterval: lockDuration / 2,
    maxStalledCount: 3,
    runRetryDelay: RETRY_DELAY_MS,
    autorun: false,
  });

  const pull = bullLocation(pullQueue(variant), names);
  const kept = { skipLockRenewal: true, skipStalledCheck: true };
  @Processor({ name: pull.name }, { ...settings(pull.prefix, pulls, LOCK_DURATION_MS.pull), ...kept })
  class PullConsumer extends WorkerHost implements OnApplicationBootstrap {
    private inHand: PullsInHand | undefined;

    constructor(@Inject(PullHandler) private readonly handler: PullHandler) {
      super();
    }

    override process(job: Job, token = ''): Promise<PullOutcome> {
      const pulling = (): Promise<PullOutcome> => this.handler.pull(checkContract(PullJob, job.data));
      return handingBack(job, token, () => this.inHand?.run(job, token, pulling) ?? pulling());
    }

    onApplicationBootstrap(): void {
      const report = (error: Error): void => this.complain(error);
      const inHand = new PullsInHand({
        worker: this.worker,
        redis,
        lockDuration: LOCK_DURATION_MS.pull,
        onError: report,
      });
      this.inHand = inHand;
      inHand.start();
      this.worker.once('closed', () => inHand.stop());
      runWatched(this.worker, report);
    }

    @OnWorkerEvent('completed')
    tell(job: Job, outcome: PullOutcome): void {
      this.handler
        .ended(checkContract(PullJob, job.data), outcome)
        .catch((error: unknown) => this.complain(error as Error));
    }

    @OnWorkerEvent('error')
    complain(error: Error): void {
      onError(pullQueue(variant), error);
    }
  }

  const load = bullLocation(loadQueue(variant), names);
  @Processor({ name: load.name }, settings(load.prefix, loads, LOCK_DURATION_MS.load))
  class LoadConsumer extends WorkerHost implements OnApplicationBootstrap {
    constructor(@Inject(LoadHandler) private readonly handler: LoadHandler) {
      super();
    }

    override process(job: Job, token?: string): Promise<void> {
      return handingBack(job, token, () => this.handler.load(checkContract(LoadJob, job.data)));
    }

    onApplicationBootstrap(): void {
      runWatched(this.worker, (error) => this.complain(error));
    }

    @OnWorkerEvent('error')
    complain(error: Error): void {
      onError(loadQueue(variant), error);
    }
  }

  return [PullConsumer, LoadConsumer];
}

function runWatched(worker: Worker, onError: (error: Error) => void): void {
  watchWaits(worker.getBackend());
  worker.run().catch(onError);
}

async function handingBack<T>(job: Job, token: string | undefined, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (!(error instanceof HandBack)) throw error;
    await job.moveToWait(token);
    throw new WaitingError();
  }
}
