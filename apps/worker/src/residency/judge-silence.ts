import type { LifeSign } from '#engines';

/** How long an engine has been silent towards those who wait for it, and what else was seen meanwhile; all in ms. */
export interface Silence {
  /** Time without a word in any answer, and without one that it works. Time in which nobody waited does not count. */
  readonly total: number;
  /** Of that at the end, without having computed or read from disk. */
  readonly still: number;
  /** Of that at the end, stopped by a signal. */
  readonly halted: number;
  /** Of that at the end, without an answer to the question whether it works. */
  readonly unanswered: number;
}

/** What was seen of a silent engine since the last look. */
export interface Look {
  /** ms */
  readonly elapsed: number;
  /** Hundredths of a second of computing, and pages read from disk; undefined where the system does not tell. */
  readonly work: number | undefined;
  readonly halted: boolean;
  /** What it has answered; undefined when it has not. */
  readonly answer: LifeSign | undefined;
}

export const NO_SILENCE: Silence = { total: 0, still: 0, halted: 0, unanswered: 0 };

/** Less than this a second is what a program does that waits. */
const STILL_WORK = 1;

/**
 * Shares of the time after which a request is given up whose engine is silent. The whole engine is given up a little
 * before that, so that its requests go on elsewhere.
 */
const ASKED_AFTER = 0.1;
const HALTED_FOR = 0.1;
const STILL_FOR = 0.5;
const UNANSWERED_FOR = 0.25;
const SILENT_FOR = 0.9;

/** The silence after one more look. */
export function prolong(silence: Silence, { elapsed, work, halted, answer }: Look): Silence {
  if (answer === 'working') return NO_SILENCE;
  const isStill = work !== undefined && work < (STILL_WORK * elapsed) / 1_000;
  return {
    total: silence.total + elapsed,
    still: isStill ? silence.still + elapsed : 0,
    halted: halted ? silence.halted + elapsed : 0,
    unanswered: answer === 'listening' ? 0 : silence.unanswered + elapsed,
  };
}

/** @param limit ms of silence after which a request is given up */
export function isToBeAsked({ total }: Silence, limit: number): boolean {
  return total >= ASKED_AFTER * limit;
}

/**
 * Why an engine counts as stuck, as a part of a sentence; undefined while it may be at work. One that is slow computes,
 * and answers between two pieces of a prompt.
 * @param limit ms of silence after which a request is given up
 */
export function whyStuck(silence: Silence, limit: number): string | undefined {
  const { total, still, halted, unanswered } = silence;
  if (halted >= HALTED_FOR * limit)
    return `its process was stopped by a signal, and for ${seconds(halted)} nobody had it go on`;
  if (still >= STILL_FOR * limit && unanswered >= UNANSWERED_FOR * limit)
    return `it sent nothing for ${seconds(total)}, computed nothing and did not say that it works`;
  if (total < SILENT_FOR * limit) return undefined;
  if (unanswered >= UNANSWERED_FOR * limit)
    return `it sent nothing for ${seconds(total)} and did not say that it works`;
  if (still < SILENT_FOR * limit) return undefined;
  return `it sent nothing for ${seconds(total)} and computed nothing for ${seconds(still)}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
