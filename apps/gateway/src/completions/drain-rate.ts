import type { CompletionQueueParts, SessionAnnouncement, WorkerAnnouncement } from '#contracts';

/** What serves one completion queue, as far as workers announce it. */
export interface Supply {
  /** Workers that have a session for it, be it ready or still loading. */
  readonly workers: number;
  /** True when some session is ready. */
  readonly resident: boolean;
  /** Requests that could begin at once. */
  readonly free: number;
  /** Requests that can be expected to finish in a second with all slots busy; 0 when no session is ready. */
  readonly rate: number;
}

/** Assumed of sessions that have not measured any answer yet; seconds. */
const TYPICAL_ANSWER_S = 10;

/**
 * Callers that are refused come back when this share of the waiting room is likely to be free: had they to wait for
 * all of it the cluster would run dry, and for a single place they would fight.
 */
const FREED_SHARE = 0.1;

const SHORTEST_RETRY_AFTER_S = 1;
const LONGEST_RETRY_AFTER_S = 60;

export function supplyOf(queue: CompletionQueueParts, workers: readonly WorkerAnnouncement[]): Supply {
  const serving = workers
    .filter((worker) => worker.variant === queue.variant && !worker.draining)
    .map((worker) => worker.sessions.filter((session) => serves(session, queue)))
    .filter((sessions) => sessions.length > 0);
  const ready = serving.flat().filter(({ state }) => state === 'ready');
  return {
    workers: serving.length,
    resident: ready.length > 0,
    free: sum(ready.map(({ slots, busy }) => Math.max(0, slots - busy))),
    rate: sum(ready.map(({ drainRate, slots }) => drainRate ?? slots / TYPICAL_ANSWER_S)),
  };
}

/** Seconds until a request with so many jobs ahead of it is likely to begin; undefined when nothing is known. */
export function estimateWait(ahead: number, { free, rate }: Supply): number | undefined {
  if (ahead < free) return 0;
  return rate > 0 ? (ahead + 1 - free) / rate : undefined;
}

/** Seconds after which a caller that found the waiting room full is likely to find room, within sensible limits. */
export function retryAfterOf(waiting: number, { rate }: Supply): number {
  const assumed = rate > 0 ? rate : 1 / TYPICAL_ANSWER_S;
  const seconds = Math.max(1, waiting * FREED_SHARE) / assumed;
  return Math.min(LONGEST_RETRY_AFTER_S, Math.max(SHORTEST_RETRY_AFTER_S, seconds));
}

function serves(session: SessionAnnouncement, { modelId, mode }: CompletionQueueParts): boolean {
  return session.modelId === modelId && session.mode === mode && session.state !== 'draining';
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
