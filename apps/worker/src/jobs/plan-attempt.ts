import { LongshoreError } from '#contracts';
import type { LoggedResponse } from '#streaming';

/** What is to be done with a job that was begun before, by what the log of its response says. */
export type AttemptPlan =
  /** A later attempt answers. */
  | { readonly kind: 'superseded' }
  /** The answer is complete; only its job was left. */
  | { readonly kind: 'complete' }
  /** Nobody has seen any of the answer: begin it anew. */
  | { readonly kind: 'fresh'; readonly logged: LoggedResponse }
  /** Part of the answer is out: the rest must follow what is there. */
  | { readonly kind: 'go-on'; readonly logged: LoggedResponse; readonly delivered: Buffer }
  /** All of the answer is out but the word that it is complete. */
  | { readonly kind: 'close'; readonly logged: LoggedResponse }
  /** Part of the answer is out, and nobody can know or make the rest. */
  | { readonly kind: 'fail'; readonly logged: LoggedResponse; readonly error: LongshoreError };

/** The last event of the streams that have one, and a number of bytes that it and what is before it fit into. */
const DONE = /(?:^|\n)data: \[DONE\]\r?\n\r?\n$/;
const DONE_WITHIN = 20;

/** @param logged undefined when a later attempt owns the log */
export function planAttempt(logged: LoggedResponse | undefined): AttemptPlan {
  if (logged === undefined) return { kind: 'superseded' };
  if (logged.fin !== undefined) return { kind: 'complete' };
  const { head, body } = logged;
  if (logged.truncated) return { kind: 'fail', logged, error: lost('it is longer than what is kept of it') };
  if (head === undefined || body.length === 0) return { kind: 'fresh', logged };
  if (!isEventStream(head.headers)) return { kind: 'fail', logged, error: lost('it is not a stream') };
  if (DONE.test(body.subarray(-DONE_WITHIN).toString('latin1'))) return { kind: 'close', logged };
  return { kind: 'go-on', logged, delivered: body };
}

/** By the headers of an engine's answer. */
export function isEventStream(headers: Readonly<Record<string, string>>): boolean {
  return (headers['content-type'] ?? '').startsWith('text/event-stream');
}

function lost(why: string): LongshoreError {
  return new LongshoreError(
    'worker_lost',
    `A worker or engine was lost in the middle of the answer, and no other can go on with it, for ${why}.`,
  );
}
