import { checkContract, CompletionJob, type ErrorCode, type FrameFin, LongshoreError } from '#contracts';
import type { EngineCall, EngineResponse } from '#engines';
import type { Logger } from '#observability';
import type { PumpedJob } from '#queue';
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

/** Runs completion jobs: asks the engine and sends its answer back as frames. Every job ends with one fin frame. */
export class CompletionHandler {
  constructor(private readonly options: CompletionHandlerOptions) {}

  /** Never rejects for what goes wrong with the request: that is told in the fin frame. */
  async run(pumped: PumpedJob, session: AnsweringSession): Promise<void> {
    const job = checkContract(CompletionJob, pumped.data);
    const writer = this.open(job, pumped.attempt);
    const unfit = reasonNotToRun(job, pumped, Date.now());
    if (unfit !== undefined) return writer.fin(failed(unfit));
    const request = this.options.live.begin(job.requestId);
    if (request === undefined) return writer.fin({ outcome: 'cancelled' });
    pumped.onLockLost = () => request.abort.abort(new Cancelled('another worker has the job'));
    try {
      await this.answer(job, writer, request, session);
      writer.fin({ outcome: 'completed' });
    } catch (error) {
      writer.fin(await this.explain(error, session));
    } finally {
      this.options.live.end(request);
    }
  }

  /** Answers a job with an error, without running it. */
  refuse(pumped: PumpedJob, error: LongshoreError): void {
    this.open(checkContract(CompletionJob, pumped.data), pumped.attempt).fin(failed(error));
  }

  private open({ requestId, gatewayId, stream }: CompletionJob, attempt: number): FrameWriter {
    return this.options.publisher.open({ requestId, gatewayId, stream, attempt });
  }

  private async answer(
    job: CompletionJob,
    writer: FrameWriter,
    request: LiveRequest,
    session: AnsweringSession,
  ): Promise<void> {
    const { workerId, publisher } = this.options;
    const answer = await session.call({
      route: job.route,
      body: job.body,
      signal: request.abort.signal,
    });
    request.lastActivity = Date.now();
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
