import { type FrameFin, LongshoreError } from '#contracts';
import { CannotContinue, EngineConnectionError } from '#engines';
import { Cancelled, EngineStalled, Stopping } from './live-requests.js';

/** Another attempt answers the request: this one must not say a word. */
export class Superseded extends Error {
  override readonly name = 'Superseded';
}

/** The engine ended before the request was given to it. */
export class EngineEnded extends Error {
  override readonly name = 'EngineEnded';
}

/** What is known when an answer has failed. */
export interface Failure {
  readonly error: unknown;
  readonly workerId: string;
  /** A log is kept, so another attempt can go on where this one ended. */
  readonly logged: boolean;
  /** Some of the answer has left. */
  readonly begun: boolean;
  /** How the engine's process ended, in one sentence; undefined while it lives. */
  readonly obituary: string | undefined;
  /** Workers and engines that ended with this request before. */
  readonly failures: number;
  /** So many failures are too many. */
  readonly failureLimit: number;
}

/** How an attempt ends that did not complete. */
export type Verdict =
  /** The job goes back to its queue, unless somebody has it already; `blame` counts as a failure of the job. */
  | { readonly kind: 'hand-back'; readonly blame: boolean }
  | { readonly kind: 'answer'; readonly fin: FrameFin };

/** Decides between the ways a failed attempt can end. */
export function judgeFailure(failure: Failure): Verdict {
  const { error, logged, begun, obituary } = failure;
  if (error instanceof Superseded) return { kind: 'hand-back', blame: false };
  if (error instanceof Cancelled) return { kind: 'answer', fin: { outcome: 'cancelled' } };
  if (error instanceof Stopping && (logged || !begun)) return { kind: 'hand-back', blame: false };
  if (error instanceof LongshoreError) return answer(error);
  // The engine was gone before it could take this request: it has no part in that.
  if (error instanceof EngineEnded) return { kind: 'hand-back', blame: false };
  if (error instanceof EngineConnectionError && !error.reached) return { kind: 'hand-back', blame: false };
  if (error instanceof CannotContinue) return answer(new LongshoreError('engine_failed', error.message));
  if (logged && obituary !== undefined) return blame(failure, obituary);
  return answer(brokenOff(failure));
}

/** Whether an error can come from the end of the engine's process. */
export function mayBeDeath(error: unknown): boolean {
  const others = [Superseded, Cancelled, EngineStalled, EngineEnded, LongshoreError, CannotContinue];
  if (others.some((other) => error instanceof other)) return false;
  return !(error instanceof EngineConnectionError) || error.reached;
}

function blame({ failures, failureLimit }: Failure, obituary: string): Verdict {
  if (failures + 1 < failureLimit) return { kind: 'hand-back', blame: true };
  return answer(poison(`${failures + 1} workers or engines ended with it, the last: ${obituary}`));
}

/** The error for a request that is not tried again. */
export function poison(reason: string): LongshoreError {
  return new LongshoreError('poison_request', `The request was given up: ${reason.replace(/\.?$/, '.')}`);
}

function brokenOff({ error, workerId, obituary }: Failure): LongshoreError {
  const reason = obituary ?? (error instanceof Error ? error.message : String(error));
  return new LongshoreError(
    'engine_failed',
    `The engine on worker ${workerId} broke off the answer: ${reason}`,
  );
}

function answer(error: LongshoreError): Verdict {
  return { kind: 'answer', fin: failed(error) };
}

/** The last frame of an answer that failed. */
export function failed({ code, message }: LongshoreError): FrameFin {
  return { outcome: 'failed', code, message };
}
