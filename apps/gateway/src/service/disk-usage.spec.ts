import { expect, it } from 'vitest';
import { worker } from '../__fakes__/fake-cluster.js';
import { diskUsage } from './disk-usage.js';

it('the stores of all workers count, and a worker that does not say what its store takes counts nothing', () => {
  const workers = [worker(), { ...worker(), storeBytes: 5 }, { ...worker(), storeBytes: 7 }];
  expect(diskUsage(workers)).toEqual({ models_disk_usage: 12, default_backend_disk_usage: 0 });
  expect(diskUsage([])).toEqual({ models_disk_usage: 0, default_backend_disk_usage: 0 });
});
