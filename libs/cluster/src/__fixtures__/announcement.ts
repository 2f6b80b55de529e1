import type { WorkerAnnouncement } from '#contracts';

/** Of a worker that has nothing. */
export const announcement = (workerId: string): WorkerAnnouncement => ({
  version: 1,
  workerId,
  variant: 'cpu',
  release: '0',
  host: 'h',
  pid: 1,
  draining: false,
  engines: [],
  sessions: [],
  memoryTotal: 1,
  memoryFree: 1,
  models: [],
});
