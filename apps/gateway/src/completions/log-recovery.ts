import { LongshoreError } from '#contracts';
import type { RequestLog } from '#streaming';
import {
  GAP_LIMIT_MS,
  type ReceivedResponse,
  type Recovery,
  type RecoverySurroundings,
  RETRY_INTERVAL_MS,
  SILENCE_LIMIT_MS,
} from './recovery.js';

/** A job that Redis does not know, and that nobody sends frames for, is lost after this long; ms. */
const GONE_LIMIT_MS = 10_000;

const LOST = 'Redis has lost the request, and no worker goes on with it.';
const UNLOGGED =
  'The worker is gone in the middle of the answer, and nothing is kept that another could go on from.';
const TRUNCATED = 'The answer is longer than what is kept of it, and its worker no longer has the rest.';

/** A job was found to be gone when so many frames had come. */
interface Gone {
  readonly since: number;
  readonly next: number;
}

/**
 * For answers that are logged: what is missing is in the log, sooner or later, because another worker goes on where one
 * has died. Looks there when something is missing, when all was quiet for a while, and when Redis is back; one look at
 * a time.
 */
export class LogRecovery implements Recovery {
  private wanted = false;
  private looking = false;
  private lookedAt = 0;
  private gone: Gone | undefined;
  private truncated = false;
  private logged = true;

  constructor(
    private readonly log: RequestLog,
    private readonly received: ReceivedResponse,
    private readonly surroundings: RecoverySurroundings,
  ) {}

  missing(): void {
    this.wanted = true;
  }

  loseWorker(workerId: string): void {
    if (this.received.response.workerId === workerId) this.wanted = true;
  }

  check(now: number): void {
    const { response, requestId } = this.received;
    const { cluster, lastAway } = this.surroundings;
    const { gapSince, lastActivity, workerId, held } = response;
    if (gapSince !== undefined && now - Math.max(gapSince, lastAway) > GAP_LIMIT_MS)
      return this.giveUp('Part of the answer was lost and cannot be had again.');
    const silent = !held && now - Math.max(lastActivity, this.lookedAt) > SILENCE_LIMIT_MS;
    if (!this.wanted && !silent && gapSince === undefined) return;
    if (this.looking || now - this.lookedAt < RETRY_INTERVAL_MS || !cluster.records.reachable) return;
    // A lost resume would leave the worker waiting for a reader that is there.
    if (silent && workerId !== undefined) void cluster.control.send(workerId, { kind: 'resume', requestId });
    void this.look(now);
  }

  private async look(now: number): Promise<void> {
    this.looking = true;
    this.lookedAt = now;
    this.wanted = false;
    try {
      await this.surroundings.looks.run(() => this.catchUp(now));
    } catch {
      this.wanted = true;
    }
    this.looking = false;
  }

  private async catchUp(now: number): Promise<void> {
    const { response, queue, requestId } = this.received;
    if (await this.fill()) return;
    // Its worker is of a release that logs nothing, or Redis has lost the log with it.
    if (!this.logged && response.begun && !this.workerLives()) return this.giveUp(UNLOGGED);
    // What is longer than its log nobody can go on with, so that only its worker can have the rest.
    const hopeful =
      queue === undefined ? !this.truncated : await this.surroundings.cluster.queue.has(queue, requestId);
    if (hopeful) {
      this.gone = undefined;
      return this.askWorker();
    }
    // A job is forgotten only after its last frame was logged: now the log has it, or the job was lost.
    if ((await this.fill()) || response.finished) return;
    await this.replace(now);
  }

  /** @returns true when the log had something new and nothing is known to be missing any more */
  private async fill(): Promise<boolean> {
    const { response, parts } = this.received;
    const before = response.next;
    const logged = await this.log.read(parts);
    if (logged !== undefined) response.fill(logged, Date.now());
    this.logged = logged !== undefined;
    this.truncated = logged?.truncated ?? false;
    return response.finished || (response.next > before && response.gapSince === undefined);
  }

  /** Redis has lost the job. Whoever runs it goes on; when nobody does, it is put back as far as it is still known. */
  private async replace(now: number): Promise<void> {
    const { response, requestId } = this.received;
    const { cluster, jobs, lastAway } = this.surroundings;
    if (this.gone?.next !== response.next) this.gone = { since: now, next: response.next };
    this.wanted = true;
    const kept = jobs.get(requestId);
    if (this.workerLives()) {
      this.askWorker();
    } else if (kept !== undefined) {
      // Somebody may have begun it unseen. A later attempt ends an earlier one.
      const { job, priority } = kept;
      const begun = Math.max(1, response.attempt);
      await cluster.queue.addCompletion(kept.queue, job, {
        begun,
        ...(priority === undefined ? {} : { priority }),
      });
      jobs.keep(kept);
      this.gone = undefined;
      return;
    }
    if (now - Math.max(this.gone.since, lastAway) > GONE_LIMIT_MS)
      this.giveUp(this.truncated ? TRUNCATED : LOST);
  }

  private workerLives(): boolean {
    const { workerId } = this.received.response;
    return this.surroundings.cluster.workers.workers().some((worker) => worker.workerId === workerId);
  }

  /** What is beyond the limit of the log only the worker has. */
  private askWorker(): void {
    const { requestId, response } = this.received;
    const { workerId, attempt, next: sequence } = response;
    if (workerId === undefined) return;
    const replay = { kind: 'replay', requestId, attempt, sequence } as const;
    void this.surroundings.cluster.control.send(workerId, replay);
  }

  private giveUp(reason: string): void {
    this.received.giveUp(new LongshoreError('worker_lost', reason));
  }
}
