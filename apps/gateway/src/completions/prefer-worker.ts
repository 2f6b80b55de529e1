import type { Preference } from '#queue';

/** A session that is ready, and how full it is. */
export interface Seats {
  readonly workerId: string;
  readonly slots: number;
  readonly busy: number;
}

/** No worker is preferred that has more than its share of all requests times this, and one. */
const LOAD_FACTOR = 1.25;

/**
 * Which worker is to run requests that have a key in common: rendezvous hashing, so that a worker that comes or goes
 * moves no keys but its own, with bounded load, so that many requests with one key spread.
 * @returns undefined where there is no choice
 */
export function preferWorker(key: string, sessions: readonly Seats[]): Preference | undefined {
  if (sessions.length < 2) return undefined;
  const slots = sum(sessions.map((session) => session.slots));
  const requests = sum(sessions.map((session) => session.busy)) + 1;
  const begun = absorb(key, 0x811c9dc5);
  const order = sessions
    .map((session) => ({ session, weight: mix(absorb(session.workerId, begun)) }))
    .toSorted((a, b) => b.weight - a.weight)
    .map(({ session }) => session);
  const free = order.filter((session) => session.busy < session.slots);
  const mostOf = (session: Seats): number => Math.ceil((LOAD_FACTOR * requests * session.slots) / slots) + 1;
  const preferred = free.find((session) => session.busy < mostOf(session)) ?? free[0] ?? order[0];
  return preferred && { workerId: preferred.workerId, waits: free.length > 0 };
}

/** FNV-1a, from where it was left. */
function absorb(text: string, begun: number): number {
  let bits = begun;
  for (let index = 0; index < text.length; index++) {
    bits = Math.imul(bits ^ text.charCodeAt(index), 0x01000193);
  }
  return bits;
}

/** The last step of MurmurHash3, so that every bit of the result depends on every character. */
function mix(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
