import { LongshoreError, type RequestIdParts } from '#contracts';
import type { ResponseStream } from '#streaming';
import { clientGone, recoveryOf, stoppingHere } from './open-completion.js';
import type { Recovery, RecoverySurroundings } from './recovery.js';

export interface FollowedResponseFields {
  readonly requestId: string;
  readonly parts: RequestIdParts;
  readonly queue?: string;
  /** ms since the epoch. */
  readonly deadline: number;
}

/** Gateways are told this often that somebody reads a response here; ms. */
const READER_INTERVAL_MS = 1_000;

/** A response that one more client reads, from its start and then live. The work is not this client's to stop. */
export class FollowedResponse {
  private readonly recovery: Recovery;
  private notedAt = 0;
  private closed = false;

  /** Resolves when nothing that is published from now on can be missed, and what was published before is here. */
  static async open(
    fields: FollowedResponseFields,
    surroundings: RecoverySurroundings,
    onClose: () => void,
  ): Promise<FollowedResponse> {
    const { cluster } = surroundings;
    const { requestId, parts } = fields;
    const opened: { followed?: FollowedResponse } = {};
    const tell = (kind: 'pause' | 'resume'): void =>
      void cluster.control.send(opened.followed?.response.workerId, { kind, requestId });
    const response = await cluster.frames.follow(parts, {
      replay: (attempt, sequence) => opened.followed?.recovery.missing(attempt, sequence),
      pause: () => tell('pause'),
      resume: () => tell('resume'),
    });
    const followed = new FollowedResponse(fields, response, surroundings, onClose);
    opened.followed = followed;
    try {
      const logged = await surroundings.logReads?.read(parts);
      if (logged !== undefined) response.fill(logged, Date.now());
      // What the log does not have may be on its way, or with the worker, or nowhere.
      response.requestReplay();
      return followed;
    } catch (error) {
      cluster.frames.unfollow(parts, response);
      throw error;
    }
  }

  private constructor(
    private readonly fields: FollowedResponseFields,
    readonly response: ResponseStream,
    private readonly surroundings: RecoverySurroundings,
    private readonly onClose: () => void,
  ) {
    const giveUp = (error: LongshoreError): void => response.fail(error);
    this.recovery = recoveryOf({ ...fields, response, giveUp }, surroundings);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    const { frames, control } = this.surroundings.cluster;
    const { parts, requestId } = this.fields;
    frames.unfollow(parts, this.response);
    this.onClose();
    // Somebody else may read on, and the worker must not wait for this one.
    if (this.response.held && !this.response.finished)
      void control.send(this.response.workerId, { kind: 'resume', requestId });
  }

  /** The client went away. */
  hangUp(): void {
    this.close();
    this.response.fail(clientGone(true));
  }

  letGo(): void {
    this.response.fail(stoppingHere(this.fields.requestId));
  }

  loseWorker(workerId: string): void {
    if (!this.response.finished) this.recovery.loseWorker(workerId);
  }

  check(now: number): void {
    if (this.response.finished) return;
    const { deadline, requestId } = this.fields;
    if (now > deadline) return this.response.fail(new LongshoreError('deadline_exceeded'));
    const { records } = this.surroundings.cluster;
    if (records.reachable && now - this.notedAt >= READER_INTERVAL_MS) {
      this.notedAt = now;
      void records.noteReader(requestId).catch(() => undefined);
    }
    this.recovery.check(now);
  }
}
