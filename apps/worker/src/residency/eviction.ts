/** What eviction looks at. */
export interface EvictionCandidate {
  readonly busy: number;
  readonly state: 'loading' | 'ready' | 'draining';
  /** ms since the epoch. */
  readonly lastUsed: number;
  /** How long it stays when idle; ms, -1 = for ever. */
  readonly keepAlive: number;
}

/** A session stays at least this long after its last request, so that the next can follow; ms. */
const SHORTEST_IDLE_MS = 200;

/** A session that was never used stays at least this long: what it was loaded for is on its way; ms. */
const UNUSED_MS = 2_000;

/**
 * The session to unload when room is needed: the least recently used of those that are ready and idle. Those that are to
 * stay for ever go only when there is no other.
 */
export function chooseVictim<T extends EvictionCandidate>(sessions: Iterable<T>): T | undefined {
  let victim: T | undefined;
  for (const session of sessions) {
    if (!isIdle(session)) continue;
    if (victim === undefined || goesBefore(session, victim)) victim = session;
  }
  return victim;
}

/** The sessions that have been idle for longer than they are kept. */
export function chooseExpired<T extends EvictionCandidate & { readonly used: boolean }>(
  sessions: Iterable<T>,
  now: number,
): T[] {
  return [...sessions].filter((session) => {
    const { keepAlive, used, lastUsed } = session;
    if (keepAlive < 0 || !isIdle(session)) return false;
    return now - lastUsed > Math.max(keepAlive, used ? SHORTEST_IDLE_MS : UNUSED_MS);
  });
}

/** True for a session that could be ended without anybody noticing. */
export function isIdle({ state, busy }: Pick<EvictionCandidate, 'state' | 'busy'>): boolean {
  return state === 'ready' && busy === 0;
}

function goesBefore(one: EvictionCandidate, other: EvictionCandidate): boolean {
  const [pinned, otherPinned] = [one.keepAlive < 0, other.keepAlive < 0];
  return pinned === otherPinned ? one.lastUsed < other.lastUsed : !pinned;
}
