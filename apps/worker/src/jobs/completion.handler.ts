import {
  checkContract,
  CompletionJob,
  type ErrorCode,
  type FrameFin,
  LongshoreError,
  ReplyAddress,
} from '#contracts';
import { type EngineCall, EngineConnectionError, type EngineResponse } from '#engines';
import type { Logger } from '#observability';
import { HandBack, type PumpedJob } from '#queue';
import type { FramePublisher, FrameWriter } from '#streaming';
import { Cancelled, EngineStalled, type LiveRequest, type LiveRequests } from './live-requests.js';
import { relayAnswer } from './relay-answer.js';

/** The session a job runs in. */
export interface AnsweringSession {
  readonly call: (call: EngineCall) => Promise<EngineResponse>;
  /** One sentence about the end of the engine's process; undefined while it lives. Waits briefly for late news. */
  readonly obituary: () => Promise<string | undefined>;
}

export interface CompletionHandlerOptions {
  readonly workerId: string;
  readonly publisher: FramePublisher;
  readonly live: LiveRequests;
  readonly logger: Logger;
}

/** Another worker runs the job: this one must not say a word. */
class LockLost extends Error {
  override readonly name = 'LockLost';
}

/** One answer in the making. */
interface Answer {
  readonly job: CompletionJob;
  readonly writer: FrameWriter;
  readonly request: LiveRequest;
  readonly session: AnsweringSession;
  /** Called when the first frame is about to leave. */
  readonly onBegin: () => void;
}

/** Runs completion jobs: asks the engine and sends its answer back as frames. Every job ends with one fin frame. */
export class CompletionHandler {
  constructor(private readonly options: CompletionHandlerOptions) {}

  /**
   * Resolves when Redis has the last frame: only then may the job be forgotten. What goes wrong with the request is
   * told in the fin frame.
   * @throws HandBack when another worker has the job, or the session's engine is gone, and nothing had begun.
   */
  async run(pumped: PumpedJob, session: AnsweringSession): Promise<void> {
    const job = this.read(pumped);
    if (job === undefined) return;
    const writer = this.open(job, pumped.attempt);
    const unfit = reasonNotToRun(job, pumped, Date.now());
    if (unfit !== undefined) return writer.fin(failed(unfit));
    const request = this.options.live.begin(job.requestId, job.deadline);
    if (request === undefined) return writer.fin({ outcome: 'cancelled' });
    pumped.onLockLost = () => request.abort.abort(new LockLost('another worker has the job'));
    // An answer that has begun goes on: its gateway takes it, and nothing of the other worker's.
    const onBegin = (): void => (pumped.onLockLost = undefined);
    try {
      await this.answer({ job, writer, request, session, onBegin });
      writer.fin({ outcome: 'completed' });
    } catch (error) {
      // The engine died before it could take this request: another session will serve it.
      const untouched = error instanceof EngineConnectionError && !error.reached;
      if (untouched || error instanceof LockLost) {
        writer.abandon();
        throw new HandBack();
      }
      writer.fin(await this.explain(error, session));
    } finally {
      this.options.live.end(request);
    }
    await writer.taken;
  }

  /** Answers a job with an error, without running it. */
  refuse(pumped: PumpedJob, error: LongshoreError): void {
    this.open(checkContract(ReplyAddress, pumped.data), pumped.attempt).fin(failed(error));
  }

  /** A job that cannot be read, of a newer gateway for example, is answered as far as its address can be. */
  private read(pumped: PumpedJob): CompletionJob | undefined {
    try {
      return checkContract(CompletionJob, pumped.data);
    } catch (error) {
      const { workerId, logger } = this.options;
      const message = `Worker ${workerId} cannot read the request; is it of another release than the gateway? ${(error as Error).message}`;
      logger.warn('A job cannot be read', { error });
      this.refuse(pumped, new LongshoreError('internal', message));
      return undefined;
    }
  }

  private open({ requestId, gatewayId, stream }: ReplyAddress, attempt: number): FrameWriter {
    return this.options.publisher.open({ requestId, gatewayId, stream, attempt });
  }

  private async answer({ job, writer, request, session, onBegin }: Answer): Promise<void> {
    const { workerId, publisher } = this.options;
    const answer = await session.call({
      route: job.route,
      body: job.body,
      signal: request.abort.signal,
    });
    request.lastActivity = Date.now();
    onBegin();
    writer.head({ status: answer.status, headers: answer.headers, workerId });
    await relayAnswer(answer.body, writer, request, publisher);
  }

  private async explain(error: unknown, session: AnsweringSession): Promise<FrameFin> {
    if (error instanceof Cancelled) return { outcome: 'cancelled' };
    if (error instanceof LongshoreError) return failed(error);
    const { workerId, logger } = this.options;
    const cause = error instanceof EngineStalled ? undefined : await session.obituary();
    const reason = cause ?? (error instanceof Error ? error.message : String(error));
    logger.warn('An answer broke off', { error, reason });
    return failed(
      new LongshoreError('engine_failed', `The engine on worker ${workerId} broke off the answer: ${reason}`),
    );
  }
}

function reasonNotToRun(job: CompletionJob, pumped: PumpedJob, now: number): LongshoreError | undefined {
  if (pumped.givenUp !== undefined) {
    return new LongshoreError('worker_lost', `The request was given up: ${pumped.givenUp}.`);
  }
  return now > job.deadline ? new LongshoreError('deadline_exceeded') : undefined;
}

function failed(error: LongshoreError): FrameFin {
  return { outcome: 'failed', code: error.code satisfies ErrorCode, message: error.message };
}
