import type { ClusterWorker } from '#testing';
import { pick } from '../random.js';
import type { FaultScene } from './fault.js';

/**
 * The worker with most open streams, so that a fault has somebody to hit. A stream that went on elsewhere when its
 * worker died tells the name of the dead one, which another process may bear by now: that one does not have it.
 * @param workers who is eligible, at least one; all that run, unless told
 */
export function busiestWorker(
  { chaos, load, random }: FaultScene,
  workers: readonly ClusterWorker[] = chaos.workers(),
): ClusterWorker {
  const streams = ({ workerId, startedAt }: ClusterWorker): number =>
    load.open.filter(
      (flight) =>
        flight.workerId === workerId && (flight.workerKnownAt ?? 0) > startedAt && flight.arrivals.length > 0,
    ).length;
  const most = Math.max(...workers.map(streams));
  return pick(
    workers.filter((worker) => streams(worker) === most),
    random,
  );
}
