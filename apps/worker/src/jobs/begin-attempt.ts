import { createHash } from 'node:crypto';
import { type CompletionJob, type FrameFin, LongshoreError, type ReplyAddress } from '#contracts';
import {
  FrameFormatError,
  type FramePublisher,
  type FrameWriter,
  type LoggedResponse,
  type RequestLog,
  type WriterOptions,
} from '#streaming';
import { failed } from './judge-failure.js';
import { type AttemptPlan, planAttempt } from './plan-attempt.js';

export interface AttemptSurroundings {
  readonly workerId: string;
  readonly publisher: FramePublisher;
  readonly log: RequestLog;
}

/** What an attempt must know of its job to write the response. */
export type ResponseOrder = ReplyAddress &
  Partial<Pick<CompletionJob, 'logLimit' | 'logRetention' | 'resumeWindow' | 'deadline' | 'once'>>;

/** An attempt that may write its response. */
export interface BegunAttempt {
  readonly writer: FrameWriter;
  /** What the caller has of the answer: the rest must follow it. */
  readonly delivered?: Buffer;
  /** There is nothing to run: only this is left to be said. */
  readonly end?: FrameFin;
}

/** A log without a retention is kept for so long after the last frame; ms. */
const DEFAULT_RETENTION_MS = 60_000;

/**
 * Makes an attempt the one that writes the response of a job, and says so when it goes on with another's answer.
 * @param onFenced called once when a later attempt has taken the response over
 * @returns `superseded` when a later attempt answers; `complete` when an earlier one has, and only the job was left
 */
export async function beginAttempt(
  surroundings: AttemptSurroundings,
  order: ResponseOrder,
  attempt: number,
  onFenced: () => void,
): Promise<BegunAttempt | 'superseded' | 'complete'> {
  const open = (from?: WriterOptions['continueFrom']): FrameWriter =>
    surroundings.publisher.open(addressOf(order, attempt), writerOptions(order, onFenced, from));
  if (!isLogged(order)) return { writer: open() };
  if (attempt === 1)
    return order.once && (await isOver(surroundings.log, order)) ? 'complete' : { writer: open() };
  const plan = await readPlan(surroundings.log, order, attempt);
  if (plan === undefined) return { writer: open(), end: failed(UNREADABLE) };
  if (plan.kind === 'superseded' || plan.kind === 'complete') return plan.kind;
  if (plan.kind === 'fresh') return { writer: open({ next: 0, bytes: plan.logged.bytes }) };
  const writer = open(plan.logged);
  writer.handover(surroundings.workerId);
  if (plan.kind === 'close') return { writer, end: { outcome: 'completed' } };
  if (plan.kind === 'fail') return { writer, end: failed(plan.error) };
  return { writer, delivered: plan.delivered };
}

const UNREADABLE = new LongshoreError(
  'internal',
  'What was kept of the answer cannot be read; are the workers of different releases?',
);

/** Whether the request was answered before, under the same id. */
async function isOver(log: RequestLog, order: ResponseOrder): Promise<boolean> {
  try {
    return (await log.read(order))?.fin !== undefined;
  } catch (error) {
    if (error instanceof FrameFormatError) return false;
    throw error;
  }
}

/** @returns undefined when the log cannot be read */
async function readPlan(
  log: RequestLog,
  order: ResponseOrder,
  attempt: number,
): Promise<AttemptPlan | undefined> {
  const { gatewayId, stream } = order;
  let logged: LoggedResponse | undefined;
  try {
    logged = await log.claim({ gatewayId, stream, attempt });
  } catch (error) {
    if (error instanceof FrameFormatError) return undefined;
    throw error;
  }
  return planAttempt(logged);
}

function addressOf({ requestId, gatewayId, stream }: ReplyAddress, attempt: number) {
  return { requestId, gatewayId, stream, attempt };
}

function writerOptions(
  order: ResponseOrder,
  onFenced: () => void,
  continueFrom: WriterOptions['continueFrom'],
): WriterOptions {
  const { logLimit = 0, logRetention = DEFAULT_RETENTION_MS, resumeWindow, deadline = Date.now() } = order;
  if (!isLogged(order)) return {};
  return {
    log: { limit: logLimit, retention: logRetention, deadline },
    onFenced,
    ...(resumeWindow === undefined ? {} : { resumeWindow }),
    ...(continueFrom === undefined ? {} : { continueFrom }),
  };
}

/** Whether others can see what was sent, and go on with it. */
export function isLogged({ logLimit = 0 }: Pick<ResponseOrder, 'logLimit'>): boolean {
  return logLimit > 0;
}

/** The same for every attempt of a request, so that all of them draw the same answer. */
export function seedOf(requestId: string): number {
  return createHash('sha256').update(requestId).digest().readUInt32BE(0);
}
