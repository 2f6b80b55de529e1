import { LongshoreError } from '#contracts';
import type { ControlSender, WorkerDirectory } from '#cluster';
import type { JobQueue } from '#queue';
import type { FrameSubscriber, ResponseStream } from '#streaming';

export interface OpenCompletionFields {
  readonly requestId: string;
  readonly stream: number;
  readonly queue: string;
  /** ms since the epoch. */
  readonly deadline: number;
}

interface Surroundings {
  readonly queue: JobQueue;
  readonly frames: FrameSubscriber;
  readonly control: ControlSender;
  readonly workers: WorkerDirectory;
}

/** One look after all open completions; ms. */
const SWEEP_INTERVAL_MS = 250;

/** A silent response whose worker lives is asked for anything that got lost; ms of silence between two asks. */
const SILENCE_BEFORE_REPLAY_MS = 5_000;

/** A gap in the frames that replays have not closed for this long will not close; ms. */
const GAP_LIMIT_MS = 10_000;

/** Cancels for one response that nobody here waits for any more are not sent more often than this; ms. */
const ORPHAN_CANCEL_INTERVAL_MS = 1_000;

/** All completions a gateway has in flight, and what has to happen to them whatever their clients do. */
export class OpenCompletions {
  private readonly open = new Map<number, OpenCompletion>();
  private readonly orphans = new Map<number, number>();
  private readonly sweeper: NodeJS.Timeout;
  private readonly stopListening: () => void;

  constructor(private readonly surroundings: Surroundings) {
    this.sweeper = setInterval(() => this.sweep(Date.now()), SWEEP_INTERVAL_MS);
    this.sweeper.unref();
    this.stopListening = surroundings.workers.onLost((workerId) => this.loseWorker(workerId));
  }

  add(fields: OpenCompletionFields): OpenCompletion {
    const completion = new OpenCompletion(fields, this.surroundings, () => this.open.delete(fields.stream));
    this.open.set(fields.stream, completion);
    return completion;
  }

  failAll(error: LongshoreError): void {
    for (const completion of this.open.values()) completion.abandon(error);
  }

  stop(): void {
    clearInterval(this.sweeper);
    this.stopListening();
  }

  /** Frames came for a response that was closed: its worker missed the cancel. */
  cancelOrphan(gatewayId: string, stream: number, now: number): void {
    if (now - (this.orphans.get(stream) ?? 0) < ORPHAN_CANCEL_INTERVAL_MS) return;
    this.orphans.set(stream, now);
    void this.surroundings.control.send(undefined, { kind: 'cancel', requestId: `${gatewayId}.${stream}` });
  }

  private loseWorker(workerId: string): void {
    for (const completion of this.open.values()) completion.loseWorker(workerId);
  }

  private sweep(now: number): void {
    for (const completion of this.open.values()) completion.check(now);
    for (const [stream, at] of this.orphans) if (now - at > GAP_LIMIT_MS) this.orphans.delete(stream);
  }
}

/** One completion from acceptance to its last byte. */
export class OpenCompletion {
  readonly response: ResponseStream;
  private askedAt = 0;
  /** The last ask for a replay reached nobody. */
  private replayOwed = false;
  private closed = false;

  constructor(
    private readonly fields: OpenCompletionFields,
    private readonly surroundings: Surroundings,
    private readonly onClose: () => void,
  ) {
    this.response = surroundings.frames.register(fields.stream, {
      replay: (attempt, sequence) => void this.askForReplay(attempt, sequence),
      pause: () => this.tell('pause'),
      resume: () => this.tell('resume'),
    });
  }

  /** The response is over or nobody wants it: forgets it, and stops the work unless it is done. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    const { frames } = this.surroundings;
    const running = !this.response.finished;
    frames.close(this.fields.stream);
    this.onClose();
    if (running) void this.stopWork();
  }

  cancel(): void {
    const running = !this.response.finished;
    this.response.fail(new LongshoreError('internal', 'The client went away.'));
    if (running) void this.stopWork();
    this.close();
  }

  /** Fails the response towards the client and stops the work. */
  abandon(error: LongshoreError): void {
    if (this.response.finished) return;
    this.response.fail(error);
    void this.stopWork();
  }

  /** A worker is gone. What it had begun to answer is lost; what it had not begun, another worker will run. */
  loseWorker(workerId: string): void {
    if (this.response.workerId !== workerId || !this.response.begun) return;
    this.abandon(
      new LongshoreError('worker_lost', `Worker ${workerId} is gone in the middle of the answer.`),
    );
  }

  check(now: number): void {
    if (this.response.finished) return;
    if (now > this.fields.deadline) return this.abandon(new LongshoreError('deadline_exceeded'));
    const { gapSince, lastActivity, workerId } = this.response;
    if (gapSince !== undefined && now - gapSince > GAP_LIMIT_MS) {
      return this.abandon(
        new LongshoreError('worker_lost', 'Part of the answer was lost and cannot be had again.'),
      );
    }
    const quiet = now - Math.max(lastActivity, this.askedAt);
    const silent = workerId !== undefined && quiet > SILENCE_BEFORE_REPLAY_MS;
    const unanswered = (gapSince !== undefined || this.replayOwed) && now - this.askedAt >= SWEEP_INTERVAL_MS;
    if (silent || unanswered) this.response.requestReplay();
    // A lost resume would leave the worker waiting for a reader that is there.
    if (silent && !this.response.held) this.tell('resume');
  }

  private tell(kind: 'pause' | 'resume'): void {
    const { requestId } = this.fields;
    void this.surroundings.control.send(this.response.workerId, { kind, requestId });
  }

  private async askForReplay(attempt: number, sequence: number): Promise<void> {
    this.askedAt = Date.now();
    const { requestId } = this.fields;
    const listeners = await this.surroundings.control.send(this.response.workerId, {
      kind: 'replay',
      requestId,
      attempt,
      sequence,
    });
    this.replayOwed = listeners === 0;
  }

  /** Reaches the job wherever it is: still waiting, or on a worker, known or not, or lost and about to run again. */
  async stopWork(): Promise<void> {
    const { requestId, queue } = this.fields;
    const { control, queue: jobs } = this.surroundings;
    const { workerId } = this.response;
    const cancel = { kind: 'cancel', requestId } as const;
    if (workerId !== undefined && (await control.send(workerId, cancel)) > 0) return;
    await control.send(undefined, cancel);
    await jobs.removeCompletion(queue, requestId).catch(() => false);
  }
}
