import type { WorkerAnnouncement } from '#contracts';
import { estimateWait, type Supply } from './drain-rate.js';

/** Where an accepted request is, for a client that waits for it. */
export type Whereabouts =
  /** In its waiting room. `position` 1 is the next to be taken; `eta` in seconds, where it can be told. */
  | { readonly state: 'queued'; readonly position: number; readonly eta?: number }
  /** In its waiting room, and no worker has its model ready. */
  | { readonly state: 'loading' }
  /** A worker has it. */
  | { readonly state: 'running' }
  /** Nobody can go on with it now: its worker is gone, or Redis is. */
  | { readonly state: 'waiting' };

export interface Sighting {
  /** Jobs ahead of it in its waiting room; undefined when it is not there. */
  readonly ahead: number | undefined;
  /** Who has begun to answer it. */
  readonly workerId: string | undefined;
}

export function whereaboutsOf(
  { ahead, workerId }: Sighting,
  supply: Supply,
  workers: readonly WorkerAnnouncement[],
): Whereabouts {
  if (workerId !== undefined) {
    const held = ahead === undefined && workers.some((worker) => worker.workerId === workerId);
    return { state: held ? 'running' : 'waiting' };
  }
  if (workers.length === 0) return { state: 'waiting' };
  if (!supply.resident) return { state: 'loading' };
  if (ahead === undefined) return { state: 'running' };
  const eta = estimateWait(ahead, supply);
  return { state: 'queued', position: ahead + 1, ...(eta === undefined ? {} : { eta }) };
}
