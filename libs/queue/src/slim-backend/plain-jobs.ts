import type { JobJson, KeepJobs, MinimalJob, WorkerOptions } from 'bullmq';

/** What BullMQ takes along with a job; it does not export the type. */
export interface ParentOptions {
  readonly parentKey?: string;
  readonly parentDependenciesKey?: string;
  readonly addToWaitingChildren?: boolean;
}

/** Options BullMQ stores as they are and that need nothing else when the job is added or done. */
const PLAIN_OPTIONS: ReadonlySet<string> = new Set([
  'jobId',
  'priority',
  'attempts',
  'removeOnComplete',
  'removeOnFail',
]);

/** True for a job that needs nothing but its hash and its place among the priorities. */
export function canAddSlim(job: JobJson, jobId: string | undefined, parent: ParentOptions): boolean {
  return (
    Boolean(jobId) &&
    Number.isInteger(job.opts.priority) &&
    (job.opts.priority ?? 0) > 0 &&
    !job.parent &&
    !job.parentKey &&
    !parent.parentKey &&
    parent.addToWaitingChildren !== true &&
    Object.entries(job.opts).every(([name, value]) => value === undefined || PLAIN_OPTIONS.has(name))
  );
}

/** True when taking a job means no more than to lock it. */
export function canTakeSlim(worker: Partial<WorkerOptions>, token: string, name?: string): boolean {
  return (
    worker.limiter === undefined && worker.lockDuration !== undefined && name === undefined && token !== '0'
  );
}

/** True when finishing the job means no more than to forget it. */
export function canFinishSlim(
  job: MinimalJob,
  removeOnComplete: boolean | number | KeepJobs | undefined,
  worker: Partial<WorkerOptions>,
): boolean {
  return (
    keepsNothing(removeOnComplete ?? worker.removeOnComplete) &&
    worker.metrics === undefined &&
    Boolean(job.id) &&
    !job.parent &&
    !job.parentKey &&
    !job.repeatJobKey &&
    !job.opts.deduplication
  );
}

function keepsNothing(keep: boolean | number | KeepJobs | undefined): boolean {
  if (typeof keep === 'object') return keep.count === 0;
  return keep === true || keep === 0;
}
