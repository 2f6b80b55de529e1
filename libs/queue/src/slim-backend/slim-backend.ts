import {
  type BackendFactory,
  createRedisBackend,
  type Job,
  raw2NextJobData,
  type RedisQueueBackend,
  type WorkerOptions,
} from 'bullmq';
import { canAddSlim, canFinishSlim, canTakeSlim } from './plain-jobs.js';
import { runScript as runScriptOn, type Script, type ScriptClient, type ScriptValue } from '../run-script.js';
import { RAISE_ATTEMPT } from './holding-scripts.js';
import { ADD_JOB, FINISH_JOB, TAKE_JOB, WAKE } from './scripts.js';
import { Reminder } from './reminder.js';
import { waitForOwn } from './wait-for-own.js';

/** The fields of a job, its id, and how many of the two places where jobs wait are not empty. */
type Taken = readonly [fields: readonly string[], id: string, left: number];

/** All jobs that wait are kept for other workers for so long; ms. */
type Kept = readonly [remaining: number];

export interface SlimBackendOptions {
  /**
   * Jobs that were added before may have been begun although Redis has forgotten it; ms since the epoch. Asked when a job
   * was taken.
   */
  readonly doubtedUntil?: () => number;
  /** Takes the jobs that prefer it before others. */
  readonly workerId?: string;
}

/**
 * BullMQ's Redis backend with shorter scripts for what each completion job does: it is added with a priority, taken,
 * and forgotten when it is done. Keys and what they hold are BullMQ's, so that stock queues and workers can use the same
 * queue at the same time and all other operations stay stock; so do jobs that need more. Left out is what completion
 * queues do not use: the event stream, delays, pausing, limits of rate and concurrency, logs, and flows. A paused
 * queue is not noticed.
 *
 * A worker with this backend must fetch from one loop only, which waits after a fetch that found nothing, as the pump
 * does.
 */
export function slimBackend({
  doubtedUntil = () => 0,
  workerId,
}: SlimBackendOptions): BackendFactory<RedisQueueBackend> {
  return (name, opts, connections) => {
    const backend = createRedisBackend(name, opts, connections);
    const reminder = new Reminder(() => runScript(backend, WAKE, []));
    const settle: Settle = async (reply, token) => {
      if (reply?.length !== 1) return nextJob(backend, reply, { token, doubtedUntil: doubtedUntil() });
      reminder.remind(reply[0]);
      return [];
    };
    const fetching = { settle, workerId: workerId ?? '' };
    addSlim(backend);
    if (workerId !== undefined) waitForOwn(backend, workerId);
    takeSlim(backend, opts, fetching);
    finishSlim(backend, opts, fetching);
    return backend;
  };
}

/** What BullMQ is to get for a job that was taken, or for none. */
type Settle = (reply: Taken | Kept | null, token: string) => Promise<unknown[]>;

interface Fetching {
  readonly settle: Settle;
  /** Empty where the worker is not known. */
  readonly workerId: string;
}

function addSlim(backend: RedisQueueBackend): void {
  const addJob = backend.addJob.bind(backend);
  backend.addJob = async (job, jobId, parent = {}) => {
    if (!canAddSlim(job, jobId, parent)) return addJob(job, jobId, parent);
    const options = JSON.stringify(job.opts);
    const values = [jobId ?? '', job.name, job.data, options, job.timestamp, job.opts.priority ?? 0];
    await runScript(backend, ADD_JOB, [...values, '', 0, '', 0]);
    return jobId;
  };
}

function takeSlim(
  backend: RedisQueueBackend,
  worker: Partial<WorkerOptions>,
  { settle, workerId }: Fetching,
): void {
  const moveToActive = backend.moveToActive.bind(backend);
  const waitForJob = backend.waitForJob.bind(backend);
  /** The last fetch took the last job: whatever came since can be waited for, so the next fetch need not look. */
  let tookLast = false;

  backend.waitForJob = async (timeout) => {
    tookLast = false;
    return waitForJob(timeout);
  };

  backend.moveToActive = async (token, workerName) => {
    if (!canTakeSlim(worker, token, workerName)) return moveToActive(token, workerName);
    if (tookLast) {
      tookLast = false;
      return [];
    }
    const values = [token, worker.lockDuration ?? 0, Date.now(), workerId];
    const reply = (await runScript(backend, TAKE_JOB, values)) as Taken | Kept | null;
    tookLast = reply?.[2] === 0;
    return settle(reply, token);
  };
}

function finishSlim(
  backend: RedisQueueBackend,
  worker: Partial<WorkerOptions>,
  { settle, workerId }: Fetching,
): void {
  const moveToCompleted = backend.moveToCompleted.bind(backend);
  backend.moveToCompleted = async (job, returnValue, removeOnComplete, token, fetchNext) => {
    const stock = () => moveToCompleted(job, returnValue, removeOnComplete, token, fetchNext);
    if (!canFinishSlim(job, removeOnComplete, worker) || !canTakeSlim(worker, token, worker.name))
      return stock();
    const finishedOn = Date.now();
    const next = fetchNext && backend.closing === undefined ? 1 : 0;
    const { attemptsStarted = 0 } = job as typeof job & Partial<Pick<Job, 'attemptsStarted'>>;
    const finished = [token, worker.lockDuration ?? 0, finishedOn, job.id ?? ''];
    const values = [...finished, next, attemptsStarted, workerId];
    const reply = (await runScript(backend, FINISH_JOB, values)) as Taken | Kept | number | null;
    // The stock script knows what is wrong, and says it.
    if (reply === -1) return stock();
    return { result: await settle(typeof reply === 'number' ? null : reply, token), finishedOn };
  };
}

async function nextJob(
  backend: RedisQueueBackend,
  taken: Taken | null,
  { token, doubtedUntil }: { readonly token: string; readonly doubtedUntil: number },
): Promise<unknown[]> {
  if (taken === null) return [];
  const [fields, id] = taken;
  const addedAt = Number(fields[fields.indexOf('timestamp') + 1]);
  if (addedAt < doubtedUntil) {
    const attempt = (await runScript(backend, RAISE_ATTEMPT, [id, token])) as number | null;
    // Where a field is there twice the later one counts.
    if (attempt !== null) return raw2NextJobData([[...fields, 'ats', `${attempt}`], id, 0, 0]);
  }
  return raw2NextJobData([fields, id, 0, 0]);
}

/** Runs one of our scripts for the queue of a backend. */
export async function runScript(
  backend: RedisQueueBackend,
  script: Script,
  values: readonly ScriptValue[],
): Promise<unknown> {
  const client = (await backend.client) as unknown as ScriptClient;
  return runScriptOn(client, backend.keys[''] ?? '', script, values);
}
