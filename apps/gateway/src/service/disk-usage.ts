import type { WorkerAnnouncement } from '#contracts';

/** Bytes, in the words existing clients read. */
export interface DiskUsage {
  readonly models_disk_usage: number;
  readonly default_backend_disk_usage: number;
}

/** What the model stores of the live workers take together. Engines come with the workers and are not counted. */
export function diskUsage(workers: readonly WorkerAnnouncement[]): DiskUsage {
  const used = workers.reduce((sum, { storeBytes = 0 }) => sum + storeBytes, 0);
  return { models_disk_usage: used, default_backend_disk_usage: 0 };
}
