import { ENVELOPE_VERSION, LongshoreError, requestIdOf, type RequestIdParts } from '#contracts';
import type { ResponseRequests, ResponseStream } from '#streaming';
import { ReadingEnded } from './completions.js';
import { LogRecovery } from './log-recovery.js';
import type { ReceivedResponse, Recovery, RecoverySurroundings } from './recovery.js';
import { RingRecovery } from './ring-recovery.js';
import { endForAll, stopRequest } from './stop-request.js';
import type { UnreadResponses } from './unread-responses.js';

export interface OpenCompletionFields {
  readonly requestId: string;
  readonly parts: RequestIdParts;
  readonly queue: string;
  /** ms since the epoch. */
  readonly deadline: number;
  readonly streaming: boolean;
  /** The work goes on for a while when the client has gone. */
  readonly resumable: boolean;
  /** Time the log is kept after the last frame; ms. */
  readonly retention: number;
  /** Time the answer goes on with nobody listening; ms. */
  readonly resumeWindow: number;
  /** Where it runs, as a response header. */
  readonly placement: string;
}

export interface OpenCompletionSurroundings {
  readonly recovery: RecoverySurroundings;
  readonly unread: UnreadResponses;
  readonly onClose: () => void;
}

/** A response that has been open for so long is noted down for other gateways; ms. */
const RECORD_AFTER_MS = 1_000;

/** One completion of this gateway from acceptance to its last byte. */
export class OpenCompletion implements ResponseRequests {
  readonly response: ResponseStream;
  private readonly recovery: Recovery;
  private readonly openedAt = Date.now();
  private recorded: boolean;
  private closed = false;
  private leftToOthers = false;

  constructor(
    readonly fields: OpenCompletionFields,
    private readonly surroundings: OpenCompletionSurroundings,
  ) {
    const { cluster } = surroundings.recovery;
    this.recorded = fields.resumable;
    const { requestId, parts, queue } = fields;
    this.response = cluster.frames.register(parts.stream, this);
    const giveUp = (error: LongshoreError): void => this.abandon(error);
    const received = { requestId, parts, queue, response: this.response, giveUp };
    this.recovery = recoveryOf(received, surroundings.recovery);
  }

  replay(attempt: number, sequence: number): void {
    this.recovery.missing(attempt, sequence);
  }

  pause(): void {
    this.tell('pause');
  }

  resume(): void {
    this.tell('resume');
  }

  /** The response is over or nobody here reads it: forgets it, and stops the work unless it is done or may be resumed. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    const { recovery, onClose, unread } = this.surroundings;
    const { cluster } = recovery;
    const running = !this.response.finished;
    cluster.frames.close(this.fields.parts.stream);
    onClose();
    if (this.leftToOthers) return;
    if (!running) this.shortenRecord();
    else if (!this.fields.resumable) void this.stopWork();
    else {
      const { requestId, queue, resumeWindow } = this.fields;
      unread.leave({ requestId, queue, workerId: this.response.workerId }, resumeWindow, Date.now());
      if (this.response.held) this.resume();
    }
  }

  /** The client went away. */
  hangUp(): void {
    this.close();
    this.response.fail(clientGone(this.fields.resumable));
  }

  /** The job never came into its queue: nothing runs, and nobody needs to know. */
  discard(): void {
    const { records } = this.surroundings.recovery.cluster;
    if (this.recorded) void records.forget(this.fields.requestId).catch(() => undefined);
    this.recorded = false;
    this.response.fail(new LongshoreError('internal', 'The request was refused.'));
    this.close();
  }

  /** Fails the response towards the client and stops the work. */
  abandon(error: LongshoreError): void {
    if (this.response.finished) return;
    this.response.fail(error);
    void this.endWork(error);
  }

  /** Fails the response towards the client; the work goes on for those who come back for it, where there is a log. */
  letGo(): void {
    const { log } = this.surroundings.recovery.cluster;
    if (this.response.finished) return;
    if (log === undefined) return this.abandon(new LongshoreError('shutting_down'));
    this.leftToOthers = true;
    // Nothing of it may be logged yet, so that others would not find it.
    if (!this.recorded) void this.record(Date.now());
    this.response.fail(stoppingHere(this.fields.requestId));
  }

  loseWorker(workerId: string): void {
    if (!this.response.finished) this.recovery.loseWorker(workerId);
  }

  check(now: number): void {
    if (this.response.finished) return;
    if (now > this.fields.deadline) return this.abandon(new LongshoreError('deadline_exceeded'));
    if (!this.recorded && now - this.openedAt > RECORD_AFTER_MS) void this.record(now);
    this.recovery.check(now);
  }

  async stopWork(): Promise<void> {
    const { requestId, queue } = this.fields;
    const { workerId } = this.response;
    await stopRequest({ requestId, queue, workerId }, this.surroundings.recovery.cluster);
  }

  /** Stops the work. Those who come back for it hear why it ended. */
  private async endWork({ code, message }: LongshoreError): Promise<void> {
    const { requestId, queue, resumable, retention } = this.fields;
    const { cluster } = this.surroundings.recovery;
    if (!resumable || cluster.log === undefined) return this.stopWork();
    const request = { requestId, queue, workerId: this.response.workerId };
    await endForAll(request, { outcome: 'failed', code, message }, cluster, retention).catch(() => undefined);
  }

  private tell(kind: 'pause' | 'resume'): void {
    const { requestId } = this.fields;
    void this.surroundings.recovery.cluster.control.send(this.response.workerId, { kind, requestId });
  }

  private async record(now: number): Promise<void> {
    const { records, log } = this.surroundings.recovery.cluster;
    if (log === undefined || !records.reachable) return;
    this.recorded = true;
    const { deadline, retention } = this.fields;
    await records.put(recordOf(this.fields), deadline - now + retention).catch(() => (this.recorded = false));
  }

  private shortenRecord(): void {
    const { records, log } = this.surroundings.recovery.cluster;
    if (log === undefined || !this.recorded) return;
    void records.keepFor(this.fields.requestId, this.fields.retention).catch(() => undefined);
  }
}

/** The gateway stops, and others have the answer. */
export function stoppingHere(requestId: string): LongshoreError {
  const rest = `the rest of the answer is at /v1/streams/${requestId} of any other.`;
  return new ReadingEnded('shutting_down', `This gateway is stopping; ${rest}`);
}

/** @param goesOn whether the answer outlives its client */
export function clientGone(goesOn: boolean): LongshoreError {
  const message = 'The client went away.';
  return goesOn ? new ReadingEnded('internal', message) : new LongshoreError('internal', message);
}

/** What other gateways need to know of a response. */
export function recordOf(fields: OpenCompletionFields) {
  const { parts, queue, streaming, resumable, deadline, placement } = fields;
  return {
    version: ENVELOPE_VERSION,
    requestId: requestIdOf(parts),
    ...parts,
    queue,
    streaming,
    resumable,
    deadline,
    placement,
  };
}

export function recoveryOf(received: ReceivedResponse, surroundings: RecoverySurroundings): Recovery {
  const { log } = surroundings.cluster;
  return log === undefined
    ? new RingRecovery(received, surroundings)
    : new LogRecovery(log, received, surroundings);
}
