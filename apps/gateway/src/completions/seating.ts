import type { WorkerDirectory } from '#cluster';
import { parseCompletionQueue, type WorkerAnnouncement } from '#contracts';
import type { Preference } from '#queue';
import { preferWorker, type Seats } from './prefer-worker.js';

/** Changes of the load of a worker that it has not announced yet, by queue. */
type Changes = Map<string, number>;

/**
 * How full sessions are: what their workers announced last, and what this gateway has sent them and had answered since.
 * A conversation goes on faster than workers announce.
 */
export class Seating {
  /** A new announcement knows all that came before it. */
  private readonly changes = new WeakMap<WorkerAnnouncement, Changes>();

  constructor(private readonly workers: Pick<WorkerDirectory, 'workers'>) {}

  /** A seat for a request where its key says, as far as there is room; anywhere when it has no key. */
  seat(queue: string, key: string | undefined): Seat {
    const preference = key === undefined ? undefined : preferWorker(`${queue} ${key}`, this.seatsOf(queue));
    return new Seat(preference, (workerId, change) => this.note(queue, workerId, change));
  }

  private seatsOf(queue: string): Seats[] {
    const parts = parseCompletionQueue(queue);
    if (parts === undefined) return [];
    const { variant, modelId, mode } = parts;
    return this.workers.workers().flatMap((worker) => {
      if (worker.variant !== variant || worker.draining || worker.avoids?.includes(queue)) return [];
      const ready = worker.sessions.filter(
        (session) => session.modelId === modelId && session.mode === mode && session.state === 'ready',
      );
      if (ready.length === 0) return [];
      const total = (read: (session: (typeof ready)[number]) => number): number =>
        ready.reduce((sum, session) => sum + read(session), 0);
      const busy = total((session) => session.busy) + (this.changes.get(worker)?.get(queue) ?? 0);
      return [
        { workerId: worker.workerId, slots: total((session) => session.slots), busy: Math.max(0, busy) },
      ];
    });
  }

  private note(queue: string, workerId: string, change: number): void {
    const worker = this.workers.workers().find((known) => known.workerId === workerId);
    if (worker === undefined) return;
    const changes: Changes = this.changes.get(worker) ?? new Map<string, number>();
    changes.set(queue, (changes.get(queue) ?? 0) + change);
    this.changes.set(worker, changes);
  }
}

/** Where one request is expected to run, and then where it does. */
export class Seat {
  private workerId: string | undefined;

  constructor(
    /** Absent when it is all the same who runs it. */
    readonly preference: Preference | undefined,
    private readonly note: (workerId: string, change: number) => void,
  ) {
    if (preference?.waits) this.move(preference.workerId);
  }

  /** A worker has begun to answer. */
  taken(workerId: string | undefined): void {
    if (workerId !== undefined) this.move(workerId);
  }

  /** Nobody answers it any more. */
  leave(): void {
    this.move(undefined);
  }

  private move(workerId: string | undefined): void {
    if (workerId === this.workerId) return;
    if (this.workerId !== undefined) this.note(this.workerId, -1);
    if (workerId !== undefined) this.note(workerId, 1);
    this.workerId = workerId;
  }
}
