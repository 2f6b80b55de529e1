import type { ClusterWorker } from '#testing';
import { pick } from '../random.js';
import type { FaultScene } from './fault.js';

/** The worker with most open streams, so that a fault has somebody to hit. */
export function busiestWorker({ chaos, load, random }: FaultScene): ClusterWorker {
  const streams = (worker: ClusterWorker): number =>
    load.open.filter(({ workerId, arrivals }) => workerId === worker.workerId && arrivals.length > 0).length;
  const workers = chaos.workers();
  const most = Math.max(...workers.map(streams));
  return pick(
    workers.filter((worker) => streams(worker) === most),
    random,
  );
}
