import { Worker } from 'bullmq';
import type { Names } from '#contracts';
import type { RedisClient } from '#redis';
import { bullLocation } from './bull-queue.js';
import type { PumpTiming } from './pump-timing.js';
import { Readiness } from './readiness.js';
import { slimBackend } from './slim-backend/slim-backend.js';
import { watchWaits } from './watch-waits.js';

export interface ManualWorkerOptions {
  readonly queue: string;
  readonly names: Names;
  readonly redis: RedisClient;
  readonly workerId: string;
  readonly onError: (error: Error) => void;
}

/** Clocks of gateways and workers may differ by so much; ms. */
const CLOCK_SKEW_MS = 5_000;

/** BullMQ's worker for a pump: it fetches and finishes when told to, and does nothing by itself. */
export function createWorker(
  { queue, names, redis, workerId, onError }: ManualWorkerOptions,
  { blockTimeout, lockDuration }: PumpTiming,
): Worker {
  const { name, prefix } = bullLocation(queue, names);
  const settings = {
    connection: redis,
    prefix,
    autorun: false,
    drainDelay: blockTimeout / 1_000,
    lockDuration,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  };
  const readiness = Readiness.of(redis);
  // A Redis that was away may have lost what it did last, and with it who began which job.
  const doubtedUntil = (): number => (readiness.returnedAt === 0 ? 0 : readiness.returnedAt + CLOCK_SKEW_MS);
  const worker = new Worker(name, undefined, settings, slimBackend({ doubtedUntil, workerId }));
  worker.on('error', onError);
  watchWaits(worker.getBackend());
  return worker;
}
