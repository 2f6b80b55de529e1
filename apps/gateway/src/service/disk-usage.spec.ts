import { expect, it } from 'vitest';
import type { WorkerAnnouncement } from '#contracts';
import { worker as announced } from '../__fakes__/fake-workers.js';
import { diskUsage } from './disk-usage.js';

function worker(workerId: string, storeBytes?: number, storeId?: string): WorkerAnnouncement {
  return {
    ...announced(),
    workerId,
    ...(storeBytes !== undefined && { storeBytes }),
    ...(storeId !== undefined && { storeId }),
  };
}

it('a store that several workers share counts once, with the most that one of them says', () => {
  const workers = [
    worker('a', 5, 'shared'),
    worker('b', 6, 'shared'),
    worker('c', 7, 'other'),
    worker('d', 1),
  ];
  expect(diskUsage(workers).models_disk_usage).toBe(14);
});

it('the stores of all workers count, and a worker that does not say what its store takes counts nothing', () => {
  const workers = [worker('a'), worker('b', 5), worker('c', 7)];
  expect(diskUsage(workers)).toEqual({ models_disk_usage: 12, default_backend_disk_usage: 0 });
  expect(diskUsage([])).toEqual({ models_disk_usage: 0, default_backend_disk_usage: 0 });
});
