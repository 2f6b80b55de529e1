import { checkContract, CompletionJob, type FrameFin, LongshoreError, ReplyAddress } from '#contracts';
import { type EngineCall, type EngineResponse, pinSeed } from '#engines';
import type { Logger, WorkerMetrics } from '#observability';
import { HandBack, type PumpedJob } from '#queue';
import { AnswerPace } from '../presence/answer-pace.js';
import {
  type AttemptSurroundings,
  beginAttempt,
  type BegunAttempt,
  isLogged,
  seedOf,
} from './begin-attempt.js';
import { failed, judgeFailure, mayBeDeath, poison, Superseded } from './judge-failure.js';
import { hear, type LiveRequest, type LiveRequests } from './live-requests.js';
import { isEventStream } from './plan-attempt.js';
import { type Relay, relayEvents, relayWhole } from './relay-answer.js';

/** The session a job runs in. */
export interface AnsweringSession {
  readonly call: (call: EngineCall) => Promise<EngineResponse>;
  /** Goes on with a stream of which `delivered` is out; as of `EngineSession`. */
  readonly resume: (call: EngineCall, delivered: Buffer) => Promise<EngineResponse>;
  /** Says that the engine is to answer this request from now on. @returns what ends that */
  readonly owes: (request: LiveRequest) => () => void;
  /** One sentence about the end of the engine's process; undefined while it lives. Waits briefly for late news. */
  readonly obituary: () => Promise<string | undefined>;
  /**
   * Waits until no other request runs here that asked for this. @returns what ends it
   * @throws EngineEnded when the engine has ended meanwhile
   */
  readonly alone: (signal: AbortSignal) => Promise<() => void>;
}

export interface CompletionHandlerOptions extends AttemptSurroundings {
  readonly live: LiveRequests;
  readonly logger: Logger;
  readonly metrics: WorkerMetrics;
}

/** A request is given up once it has seen so many workers or engines end. */
const FAILURE_LIMIT = 3;

/**
 * From so many failures on a request runs beside no other such request, so that those that only happened to run beside
 * one that ends engines are not given up with it.
 */
const SUSPECT_FAILURES = 2;

/** One answer in the making. */
interface Answer {
  readonly pumped: PumpedJob;
  readonly job: CompletionJob;
  readonly attempt: BegunAttempt;
  readonly request: LiveRequest;
  readonly session: AnsweringSession;
}

/**
 * Runs completion jobs: asks the engine and sends its answer back as frames. Every job ends with one fin frame, of this
 * attempt or of another that goes on with it.
 */
export class CompletionHandler {
  constructor(private readonly options: CompletionHandlerOptions) {}

  /**
   * Resolves when Redis has the last frame: only then may the job be forgotten. What goes wrong with the request is
   * told in the fin frame.
   * @throws HandBack when another attempt shall answer, or go on with what this one has begun, or does so already.
   */
  async run(pumped: PumpedJob, session: AnsweringSession): Promise<void> {
    const job = this.read(pumped.data);
    if (job instanceof LongshoreError) return this.refuse(pumped, job);
    const { live } = this.options;
    const request = live.begin(job);
    const supersede = (): void => request?.abort.abort(new Superseded('another attempt has the request'));
    pumped.onLockLost = supersede;
    try {
      const attempt = await beginAttempt(this.options, job, pumped.attempt, supersede);
      if (attempt === 'complete') return;
      if (attempt === 'superseded') throw new HandBack();
      const end = attempt.end ?? endWithoutRun(job, pumped, request, Date.now());
      if (end !== undefined) attempt.writer.fin(end);
      else if (request !== undefined) await this.answer({ pumped, job, attempt, request, session });
      await attempt.writer.taken;
    } finally {
      if (request !== undefined) live.end(request);
    }
  }

  /**
   * Answers a job with an error, without running it. Resolves when Redis has the answer.
   * @throws HandBack when another attempt has the job
   */
  async refuse(pumped: PumpedJob, error: LongshoreError): Promise<void> {
    const address = checkContract(ReplyAddress, pumped.data);
    const { logLimit } = pumped.data as { readonly logLimit?: unknown };
    const order = typeof logLimit === 'number' ? { ...address, logLimit } : address;
    const attempt = await beginAttempt(this.options, order, pumped.attempt, () => undefined);
    if (attempt === 'complete') return;
    if (attempt === 'superseded') throw new HandBack();
    const reason = pumped.givenUp === undefined ? error : poison(pumped.givenUp);
    attempt.writer.fin(attempt.end ?? failed(reason));
    await attempt.writer.taken;
  }

  /** A job that cannot be read, of a newer gateway for example, is answered as far as its address can be. */
  private read(data: unknown): CompletionJob | LongshoreError {
    try {
      return checkContract(CompletionJob, data);
    } catch (error) {
      const { workerId, logger } = this.options;
      const message = `Worker ${workerId} cannot read the request; is it of another release than the gateway? ${(error as Error).message}`;
      logger.warn('A job cannot be read', { error });
      return new LongshoreError('internal', message);
    }
  }

  private async answer(answer: Answer): Promise<void> {
    const { pumped, attempt, request, session } = answer;
    const { writer } = attempt;
    const progress = { begun: attempt.delivered !== undefined };
    const onBegin = (): void => {
      progress.begun = true;
      // Without a log nobody else can go on with an answer that has begun: its gateway takes it, and no other.
      if (!isLogged(answer.job)) pumped.onLockLost = undefined;
    };
    const suspect = pumped.failures >= SUSPECT_FAILURES;
    let endTurn: (() => void) | undefined;
    let settle: (() => void) | undefined;
    try {
      if (suspect) endTurn = await session.alone(request.abort.signal);
      settle = session.owes(request);
      await this.relay(answer, onBegin);
      writer.fin({ outcome: 'completed' });
    } catch (error) {
      await this.fail(answer, error, progress.begun);
    } finally {
      settle?.();
      // Not before it is known whether the engine has ended: the next would be blamed for that too.
      endTurn?.();
    }
  }

  /** Sends what the engine answers; of an answer that was begun before, what must follow. */
  private async relay({ job, attempt, request, session }: Answer, onBegin: () => void): Promise<void> {
    const { workerId, publisher, metrics } = this.options;
    const { writer, delivered } = attempt;
    const body = isLogged(job) ? pinSeed(job.route, job.body, seedOf(job.requestId)) : job.body;
    const onBytes = (): void => hear(request);
    const call = { route: job.route, body, signal: request.abort.signal, onBytes };
    const answer = await (delivered === undefined ? session.call(call) : session.resume(call, delivered));
    const pace = new AnswerPace(metrics, job.modelId);
    const relay = { body: answer.body, writer, request, publisher, pace };
    if (delivered !== undefined) {
      if (answer.status !== 200) throw await refusal(answer);
      return sendEvents(relay, session);
    }
    const begin = (): void => {
      onBegin();
      writer.head({ status: answer.status, headers: answer.headers, workerId });
    };
    if (!isEventStream(answer.headers)) return relayWhole(relay, begin);
    begin();
    await sendEvents(relay, session);
  }

  /** @throws HandBack when another session shall answer or go on */
  private async fail(
    { pumped, job, attempt, session }: Answer,
    error: unknown,
    begun: boolean,
  ): Promise<void> {
    const { workerId, logger } = this.options;
    const obituary = mayBeDeath(error) ? await session.obituary() : undefined;
    const { failures } = pumped;
    const logged = isLogged(job);
    const verdict = judgeFailure({
      error,
      workerId,
      logged,
      begun,
      obituary,
      failures,
      failureLimit: FAILURE_LIMIT,
    });
    if (mayBeDeath(error))
      logger.warn('An answer broke off', { error, reason: obituary, next: verdict.kind });
    if (verdict.kind === 'answer') return attempt.writer.fin(verdict.fin);
    attempt.writer.abandon();
    throw new HandBack({ blame: verdict.blame });
  }
}

/** Whole events leave; an engine that has died within one has broken the answer off. */
async function sendEvents(
  relay: Relay & { readonly pace: AnswerPace },
  session: AnsweringSession,
): Promise<void> {
  const rest = await relayEvents(relay).finally(() => relay.pace.end());
  if (rest.length === 0) return;
  if ((await session.obituary()) !== undefined) throw new Error('the answer ended within an event');
  relay.writer.body(rest);
}

/** Why an engine does not go on with an answer. */
async function refusal({ status, body }: EngineResponse): Promise<LongshoreError> {
  const text = Buffer.concat((await body.toArray()) as Buffer[]).toString();
  return new LongshoreError(
    'engine_failed',
    `The engine refused to go on with the answer, with status ${status}: ${text.slice(0, 500)}`,
  );
}

/** What there is to say of a request that is not to be run. */
function endWithoutRun(
  job: CompletionJob,
  pumped: PumpedJob,
  request: LiveRequest | undefined,
  now: number,
): FrameFin | undefined {
  if (pumped.givenUp !== undefined) return failed(poison(pumped.givenUp));
  if (request === undefined) return { outcome: 'cancelled' };
  return now > job.deadline ? failed(new LongshoreError('deadline_exceeded')) : undefined;
}
