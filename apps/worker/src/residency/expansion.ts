import type { SessionAnnouncement } from '#contracts';

export interface ExpansionQuestion {
  /** Jobs in the waiting room. */
  readonly waiting: number;
  /** Jobs that a worker has begun, be it alive or not. */
  readonly active: number;
  /** Somebody served the queue a moment ago, so no load job is on its way: there was no need for one. */
  readonly servedLately: boolean;
  /** Since when this worker has seen jobs unserved; ms since the epoch. */
  readonly waitingSince: number;
  /** Sessions of this model and mode on other workers of the variant. */
  readonly elsewhere: readonly SessionAnnouncement[];
  /** Requests a new session runs at once. */
  readonly slots: number;
  readonly now: number;
}

/** A load job is given this long to show itself as a session before a worker steps in; ms. */
const LOAD_JOB_GRACE_MS = 1_500;

/** Jobs wait, or their worker has died with them: they go on once another worker looks for abandoned jobs. */
export function isUnserved({
  waiting,
  active,
  elsewhere,
}: Pick<ExpansionQuestion, 'waiting' | 'active' | 'elsewhere'>): boolean {
  return waiting > 0 || (active > 0 && elsewhere.length === 0);
}

/**
 * Whether a worker without a session for a queue should add one: jobs wait although every session there is full and
 * those being loaded will be, or there is no session at all and nobody is loading one.
 */
export function shouldExpand(question: ExpansionQuestion): boolean {
  const { waiting, active, servedLately, waitingSince, elsewhere, slots, now } = question;
  if (!isUnserved(question)) return false;
  const loading = elsewhere.filter((session) => session.state === 'loading').length;
  if (loading > 0 && waiting <= loading * slots) return false;
  const ready = elsewhere.filter((session) => session.state === 'ready');
  if (ready.length + loading === 0) {
    return servedLately || active > 0 || now - waitingSince > LOAD_JOB_GRACE_MS;
  }
  return ready.every((session) => session.busy >= session.slots);
}
