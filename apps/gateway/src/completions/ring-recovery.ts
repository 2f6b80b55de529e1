import { LongshoreError } from '#contracts';
import {
  GAP_LIMIT_MS,
  type ReceivedResponse,
  type Recovery,
  type RecoverySurroundings,
  RETRY_INTERVAL_MS,
  SILENCE_LIMIT_MS,
} from './recovery.js';

/**
 * For answers that are not logged: what is missing is asked of the worker, who keeps the end of what it sent. What a
 * worker had begun to answer is lost with it; what it had not begun, another worker will run.
 */
export class RingRecovery implements Recovery {
  private askedAt = 0;
  /** The last ask for a replay reached nobody. */
  private owed = false;

  constructor(
    private readonly received: ReceivedResponse,
    private readonly surroundings: RecoverySurroundings,
  ) {}

  missing(attempt: number, sequence: number): void {
    void this.ask(attempt, sequence);
  }

  loseWorker(workerId: string): void {
    const { response, giveUp } = this.received;
    if (response.workerId !== workerId || !response.begun) return;
    giveUp(new LongshoreError('worker_lost', `Worker ${workerId} is gone in the middle of the answer.`));
  }

  check(now: number): void {
    const { requestId, response, giveUp } = this.received;
    const { gapSince, lastActivity, workerId } = response;
    if (gapSince !== undefined && now - gapSince > GAP_LIMIT_MS) {
      giveUp(new LongshoreError('worker_lost', 'Part of the answer was lost and cannot be had again.'));
      return;
    }
    const quiet = now - Math.max(lastActivity, this.askedAt);
    const silent = workerId !== undefined && quiet > SILENCE_LIMIT_MS;
    const unanswered = (gapSince !== undefined || this.owed) && now - this.askedAt >= RETRY_INTERVAL_MS;
    if (silent || unanswered) response.requestReplay();
    // A lost resume would leave the worker waiting for a reader that is there.
    if (silent && !response.held)
      void this.surroundings.cluster.control.send(workerId, { kind: 'resume', requestId });
  }

  private async ask(attempt: number, sequence: number): Promise<void> {
    this.askedAt = Date.now();
    const { requestId, response } = this.received;
    const replay = { kind: 'replay', requestId, attempt, sequence } as const;
    const { control } = this.surroundings.cluster;
    this.owed = (await control.send(response.workerId, replay)) === 0;
  }
}
