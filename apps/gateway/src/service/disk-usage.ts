import type { WorkerAnnouncement } from '#contracts';

/** Bytes, in the words existing clients read. */
export interface DiskUsage {
  readonly models_disk_usage: number;
  readonly default_backend_disk_usage: number;
}

/**
 * What the model stores of the live workers take together; one that several workers share counts once. Engines come with
 * the workers and are not counted.
 */
export function diskUsage(workers: readonly WorkerAnnouncement[]): DiskUsage {
  const stores = new Map<string, number>();
  for (const { workerId, storeId = workerId, storeBytes = 0 } of workers) {
    // Of those who share a store, one may not have heard yet of what another has put there.
    stores.set(storeId, Math.max(storeBytes, stores.get(storeId) ?? 0));
  }
  const used = [...stores.values()].reduce((sum, bytes) => sum + bytes, 0);
  return { models_disk_usage: used, default_backend_disk_usage: 0 };
}
