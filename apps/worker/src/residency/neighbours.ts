import type { WorkerAnnouncement } from '#contracts';
import type { Neighbour } from '#models';

export interface NeighbourQuestion {
  readonly modelId: string;
  /** This worker, which is no neighbour of its own. */
  readonly workerId: string;
  readonly host: string;
}

/**
 * Workers that serve a model, in the order they are to be asked: those on the same host first, those that are about
 * to stop last, and otherwise by chance, so that the work is spread.
 * @param random in [0, 1)
 */
export function neighboursFor(
  workers: readonly WorkerAnnouncement[],
  { modelId, workerId, host }: NeighbourQuestion,
  random: () => number,
): readonly Neighbour[] {
  return workers
    .flatMap((worker) => {
      const { storeUrl, models } = worker;
      if (worker.workerId === workerId || storeUrl === undefined || !models.includes(modelId)) return [];
      return [{ name: worker.workerId, url: storeUrl, rank: rankOf(worker, host) + random() }];
    })
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ name, url }) => ({ name, url }));
}

export interface StoreQuestion {
  /** Of the store of this worker. */
  readonly storeId: string;
  readonly workerId: string;
  readonly host: string;
}

/** One worker of each other store, in the order of {@link neighboursFor}. */
export function otherStores(
  workers: readonly WorkerAnnouncement[],
  { storeId, workerId, host }: StoreQuestion,
  random: () => number,
): readonly Neighbour[] {
  const known = new Set([storeId]);
  return workers
    .flatMap((worker) => {
      const { storeUrl } = worker;
      if (worker.workerId === workerId || storeUrl === undefined) return [];
      return [
        {
          name: worker.workerId,
          url: storeUrl,
          store: worker.storeId ?? worker.workerId,
          rank: rankOf(worker, host) + random(),
        },
      ];
    })
    .toSorted((a, b) => a.rank - b.rank)
    .filter(({ store }) => !known.has(store) && known.add(store))
    .map(({ name, url }) => ({ name, url }));
}

function rankOf(worker: WorkerAnnouncement, host: string): number {
  return (worker.draining ? 2 : 0) + (worker.host === host ? 0 : 1);
}
