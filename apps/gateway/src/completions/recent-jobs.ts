import type { CompletionJob } from '#contracts';

/** A job as it was put into its queue. */
export interface AcceptedJob {
  readonly queue: string;
  readonly job: CompletionJob;
  readonly priority?: number;
}

interface KeptJob extends AcceptedJob {
  /** Time with Redis there that has passed since it was accepted; ms. */
  age: number;
}

/** Redis may forget what it took in its last second. So long is every job kept, not counting time without Redis; ms. */
const KEPT_MS = 3_000;

/** Bodies kept at once; the oldest go first. */
const CAPACITY = 32 * 1024 * 1024;

/** Jobs that were accepted a moment ago, in case Redis comes back without them. */
export class RecentJobs {
  private readonly kept = new Map<string, KeptJob>();
  private size = 0;

  constructor(private readonly capacity = CAPACITY) {}

  keep(accepted: AcceptedJob): void {
    this.forget(accepted.job.requestId);
    this.kept.set(accepted.job.requestId, { ...accepted, age: 0 });
    this.size += accepted.job.body.length;
    for (const requestId of this.kept.keys()) {
      if (this.size <= this.capacity) return;
      this.forget(requestId);
    }
  }

  get(requestId: string): AcceptedJob | undefined {
    return this.kept.get(requestId);
  }

  forget(requestId: string): void {
    const kept = this.kept.get(requestId);
    if (kept === undefined) return;
    this.kept.delete(requestId);
    this.size -= kept.job.body.length;
  }

  /** So much time has passed while Redis was there; ms. */
  grow(elapsed: number): void {
    for (const [requestId, kept] of this.kept) {
      kept.age += elapsed;
      if (kept.age > KEPT_MS) this.forget(requestId);
    }
  }
}
